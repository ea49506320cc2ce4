"""What may be asked of a generation, checked against the engine's own table before a request is sent.

The rules are Text Generation Inference 3.3's (router/src/validation.rs); the maxima that a deployment can set (number
of stop sequences, best_of, top_n_tokens) are left to the engine, because only it knows them.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

from .errors import InvalidParameterError

DEFAULT_MAX_NEW_TOKENS = 150
"""The book's MAX_NEW_TOKENS_INFERENCE. Without a bound the engine would fill the rest of the model's context."""

_U32_MAX = 2**32 - 1
_U64_MAX = 2**64 - 1
_GRAMMARS = ("json", "json_object", "regex", "json_schema")


def _number(allowed: str, accepts: Callable[[float], bool]) -> tuple[str, Callable[[Any], bool]]:
    def check(value: Any) -> bool:
        return (
            isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and accepts(value)
        )

    return allowed, check


def _integer(least: int, most: int = _U32_MAX) -> tuple[str, Callable[[Any], bool]]:
    def check(value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

    return f"an integer from {least} to {most}", check


def _is_strings(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def _is_grammar(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("type") in _GRAMMARS and "value" in value


_BOOLEAN = ("true or false", lambda value: isinstance(value, bool))
_POSITIVE = _number("a number > 0", lambda value: value > 0)
_SHARE = _number("a number > 0 and < 1", lambda value: 0 < value < 1)

RULES: Mapping[str, tuple[str, Callable[[Any], bool]]] = MappingProxyType(
    {
        "adapter_id": ("a non-empty string", lambda value: isinstance(value, str) and value != ""),
        "best_of": _integer(1),
        "do_sample": _BOOLEAN,
        "frequency_penalty": _number("a number from -2 to 2", lambda value: -2 <= value <= 2),
        "grammar": (f'{{"type": one of {", ".join(_GRAMMARS)}, "value": …}}', _is_grammar),
        "max_new_tokens": _integer(1),
        "repetition_penalty": _POSITIVE,
        "return_full_text": _BOOLEAN,
        "seed": _integer(0, _U64_MAX),
        "stop": ("a list of strings", _is_strings),
        "temperature": _POSITIVE,
        "top_k": _integer(1, 2**31 - 1),
        "top_n_tokens": _integer(0),
        "top_p": _SHARE,
        "truncate": _integer(1),
        "typical_p": _SHARE,
        "watermark": _BOOLEAN,
    }
)
"""For each parameter what is allowed, in words, and the check."""


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Refuse what the engine would refuse; None means "not sent", unknown names are the engine's business.

    Raises:
        InvalidParameterError: names the parameter, its value and what is allowed.
    """
    for name, value in parameters.items():
        if value is None or name not in RULES:
            continue
        allowed, accepts = RULES[name]
        if not accepts(value):
            raise InvalidParameterError(f"{name} is {value!r}; allowed: {allowed}.")
    if (parameters.get("best_of") or 1) > 1:
        if parameters.get("seed") is not None:
            raise InvalidParameterError("seed must not be set when best_of is greater than 1.")
        if not _samples(parameters):
            raise InvalidParameterError("best_of greater than 1 needs sampling: set do_sample=True or a temperature.")


def _samples(parameters: Mapping[str, Any]) -> bool:
    # A temperature of exactly 1 does not turn sampling on by itself.
    return (
        any(parameters.get(name) for name in ("do_sample", "top_k", "top_p", "typical_p"))
        or (parameters.get("temperature") or 1.0) != 1.0
    )


@dataclass(frozen=True, kw_only=True)
class GenerationParameters:
    """How to generate. None means that a parameter is not sent and the engine's own default holds.

    Sampling is on when do_sample is true or temperature, top_k, top_p or typical_p is set; otherwise the likeliest
    token is taken each time.

    Attributes:
        max_new_tokens: an upper bound for the answer. None lets the engine fill the model's context, which can take
            longer than SageMaker waits.
        stop: generation ends after one of these; the stop sequence stays in the text.
        return_full_text: whether the answer begins with the prompt. It is always sent: the engine's default depends on
            how the model was loaded.
        truncate: keep only this many tokens of the prompt, its last ones.
        grammar: ``{"type": "json" | "json_object" | "regex" | "json_schema", "value": …}``.
        adapter_id: the LoRA adapter to use, by one of the address's ``adapters``.

    Raises:
        InvalidParameterError: on construction, for a value that the engine would refuse.
    """

    max_new_tokens: int | None = DEFAULT_MAX_NEW_TOKENS
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    typical_p: float | None = None
    repetition_penalty: float | None = None
    frequency_penalty: float | None = None
    do_sample: bool | None = None
    seed: int | None = None
    stop: tuple[str, ...] | None = None
    truncate: int | None = None
    best_of: int | None = None
    top_n_tokens: int | None = None
    watermark: bool | None = None
    grammar: Mapping[str, Any] | None = None
    adapter_id: str | None = None
    return_full_text: bool = False

    def __post_init__(self) -> None:
        check_parameters({field.name: getattr(self, field.name) for field in fields(self)})
        if isinstance(self.stop, list):
            object.__setattr__(self, "stop", tuple(self.stop))

    def as_payload(self) -> dict[str, Any]:
        """The engine's ``parameters`` object, without what is not sent: the engine refuses some nulls."""
        sent = {field.name: getattr(self, field.name) for field in fields(self)}
        sent = {name: value for name, value in sent.items() if value is not None}
        if self.stop is not None:
            sent["stop"] = list(self.stop)
        if self.grammar is not None:
            sent["grammar"] = dict(self.grammar)
        return sent
