"""The book's strategy for a model behind a SageMaker endpoint."""

import copy
import threading
from collections.abc import Mapping
from typing import Any

import boto3

from ._address import EndpointAddress
from ._client import EndpointClient
from ._inference import Inference
from ._options import ClientOptions
from ._parameters import check_parameters
from ._settings import settings
from .errors import ConfigurationError, InvalidPromptError


class LLMInferenceSagemakerEndpoint(Inference):
    """Asks an LLM behind a SageMaker endpoint: ``set_payload``, then ``inference``, as in the book.

    This pair holds state between its two calls. It is kept for each thread apart, and built from the default payload
    each time, so threads may share one object and no call leaves anything behind for the next. Both calls of a pair
    belong into one thread; where that does not suit, ``client.generate(prompt)`` is a single call without state.

    Args:
        endpoint_name: as SageMaker knows it.
        default_payload: ``{"inputs": …, "parameters": {…}}``, what is asked without ``set_payload`` and what that
            completes. It is copied. By default the book's: max_new_tokens, top_p and temperature from ``settings``, and
            return_full_text False.
        inference_component_name: None, or the text "None", looks it up: the endpoint's only component.
        options: time-outs, retries and sizes.
        session: whose region and credentials count; boto3's own chain if None.

    Attributes:
        client: the :class:`EndpointClient` behind it, with ``generate()``, ``stream()`` and ``chat()``.
    """

    def __init__(
        self,
        endpoint_name: str,
        default_payload: Mapping[str, Any] | None = None,
        inference_component_name: str | None = None,
        *,
        options: ClientOptions | None = None,
        session: boto3.session.Session | None = None,
    ) -> None:
        address = EndpointAddress(endpoint_name=endpoint_name, inference_component_name=inference_component_name)
        self.client = EndpointClient(address, options=options, session=session)
        self._default_payload = copy.deepcopy(dict(default_payload)) if default_payload else None
        self._of_this_thread = threading.local()
        self._was_set_somewhere = False

    @property
    def endpoint_name(self) -> str:
        """The endpoint that is asked."""
        return self.client.address.endpoint_name

    @property
    def inference_component_name(self) -> str | None:
        """The component that was named; None where it is looked up."""
        return self.client.address.inference_component_name

    @property
    def payload(self) -> dict[str, Any]:
        """A copy of what ``inference`` would send from this thread.

        Raises:
            ConfigurationError: ``set_payload`` was called, but in another thread.
        """
        payload: dict[str, Any] | None = getattr(self._of_this_thread, "payload", None)
        if payload is not None:
            return copy.deepcopy(payload)
        if self._was_set_somewhere:
            raise ConfigurationError(
                "set_payload was called in another thread. Call it in the thread that calls inference, or use "
                "client.generate(prompt)."
            )
        return self._defaults()

    def set_payload(self, inputs: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Say what to ask next from this thread; see :meth:`Inference.set_payload`.

        Raises:
            InvalidPromptError: ``inputs`` is empty or no text.
            InvalidParameterError: a parameter that the engine would refuse.
        """
        if not isinstance(inputs, str) or not inputs:
            raise InvalidPromptError(f"inputs is {inputs!r}; it must be a non-empty str.")
        payload = self._defaults()
        sent = {**(payload.get("parameters") or {}), **copy.deepcopy(dict(parameters or {}))}
        self._of_this_thread.payload = _completed({**payload, "inputs": inputs, "parameters": sent})
        self._was_set_somewhere = True

    def inference(self) -> Any:
        """Send the payload by InvokeEndpoint.

        Returns:
            The engine's JSON answer, parsed: ``[{"generated_text": …}]``.

        Raises:
            InferenceClientError: see ``inference_client.errors``.
        """
        return self.client.invoke(self.payload)

    def _defaults(self) -> dict[str, Any]:
        if self._default_payload is not None:
            return _completed(copy.deepcopy(self._default_payload))
        return {
            "inputs": "How is the weather?",
            "parameters": {
                "max_new_tokens": settings.MAX_NEW_TOKENS_INFERENCE,
                "top_p": settings.TOP_P_INFERENCE,
                "temperature": settings.TEMPERATURE_INFERENCE,
                "return_full_text": False,
            },
        }


def _completed(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload without nulls, some of which the engine refuses, and with return_full_text, whose default varies."""
    if "inputs" not in payload:
        return payload
    given = {name: value for name, value in (payload.get("parameters") or {}).items() if value is not None}
    check_parameters(given)
    return {**payload, "parameters": {"return_full_text": False, **given}}
