"""The book's settings, read from the environment when they are used: never at import, never remembered."""

import os
from collections.abc import Callable
from typing import Generic, TypeVar

from ._parameters import DEFAULT_MAX_NEW_TOKENS, RULES
from .errors import ConfigurationError

_Value = TypeVar("_Value")


class EnvironmentValue(Generic[_Value]):
    """An attribute whose value is an environment variable of the same name.

    Args:
        read: makes the value from the variable's text; a ValueError means that the text is not allowed.
        allowed: what is allowed, in words.
        default: called where the variable is unset or empty.
    """

    def __init__(self, read: Callable[[str], _Value], allowed: str, default: Callable[[str], _Value]) -> None:
        self._read = read
        self._allowed = allowed
        self._default = default
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> _Value:
        text = os.environ.get(self._name, "").strip()
        if not text:
            return self._default(self._name)
        try:
            return self._read(text)
        except ValueError as error:
            raise ConfigurationError(f"{self._name} is {text!r}; allowed: {self._allowed}.") from error


def _required(name: str) -> str:
    raise ConfigurationError(
        f"{name} is not set. Set it to the endpoint's name: the EndpointName output of the deployed stack "
        "llm-twin-<stage>-endpoint."
    )


def _parameter(name: str, kind: Callable[[str], _Value], default: _Value) -> EnvironmentValue[_Value]:
    allowed, accepts = RULES[name]

    def read(text: str) -> _Value:
        value = kind(text)
        if not accepts(value):
            raise ValueError(text)
        return value

    return EnvironmentValue(read, allowed, lambda _: default)


class InferenceSettings:
    """What the book reads from its settings, under the book's names.

    Attributes:
        SAGEMAKER_ENDPOINT_INFERENCE: the endpoint's name; reading it while it is not set is an error.
        SAGEMAKER_INFERENCE_COMPONENT: the component's name; None (also for the text "None") lets the client
            discover it.
        MAX_NEW_TOKENS_INFERENCE: 150 if unset.
        TOP_P_INFERENCE: 0.9 if unset.
        TEMPERATURE_INFERENCE: 0.01 if unset.

    Raises:
        ConfigurationError: on reading a value that is not allowed; it names the variable and what is.
    """

    SAGEMAKER_ENDPOINT_INFERENCE = EnvironmentValue(str, "an endpoint's name", _required)
    SAGEMAKER_INFERENCE_COMPONENT: EnvironmentValue[str | None] = EnvironmentValue(
        lambda text: None if text == "None" else text, "a component's name", lambda _: None
    )
    MAX_NEW_TOKENS_INFERENCE = _parameter("max_new_tokens", int, DEFAULT_MAX_NEW_TOKENS)
    TOP_P_INFERENCE = _parameter("top_p", float, 0.9)
    TEMPERATURE_INFERENCE = _parameter("temperature", float, 0.01)


settings = InferenceSettings()
