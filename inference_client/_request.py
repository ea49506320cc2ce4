"""The arguments of SageMaker's two invoke operations, alike for both and for the blocking and asynchronous client."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ._address import EndpointAddress
from ._error_rules import Target
from ._options import ClientOptions
from ._parameters import GenerationParameters
from ._payload import check_adapter, check_limits, encode
from .errors import ConfigurationError

_INFERENCE_ID = re.compile(r"[!-~][ -~]{0,63}")


def invocation(target: Target, body: bytes, *, inference_id: str | None) -> dict[str, Any]:
    """What to pass to ``invoke_endpoint`` or ``invoke_endpoint_with_response_stream``.

    Args:
        target: whom to ask.
        body: JSON.
        inference_id: the caller's own id of the request, kept in SageMaker's records.

    Raises:
        ConfigurationError: ``inference_id`` is none that SageMaker takes.
    """
    arguments: dict[str, Any] = {
        "EndpointName": target.endpoint_name,
        "ContentType": "application/json",
        "Body": body,
    }
    if target.component_name is not None:
        arguments["InferenceComponentName"] = target.component_name
    if inference_id is not None:
        if not _INFERENCE_ID.fullmatch(inference_id):
            raise ConfigurationError(
                f"inference_id is {inference_id!r}; allowed: 1 to 64 printable ASCII characters, the first no space."
            )
        arguments["InferenceId"] = inference_id
    return arguments


def routed(
    parameters: GenerationParameters | None, address: EndpointAddress
) -> tuple[GenerationParameters, str | None]:
    """The parameters as the engine gets them, and the component that answers; None for the address's own.

    An adapter that is a component is chosen by asking that component; another one by a parameter of the request.
    """
    parameters = parameters or GenerationParameters()
    component = (address.adapter_components or {}).get(parameters.adapter_id or "")
    return (parameters, None) if component is None else (replace(parameters, adapter_id=None), component)


def body_for(
    payload: Mapping[str, Any],
    parameters: GenerationParameters,
    *,
    address: EndpointAddress,
    options: ClientOptions,
) -> bytes:
    """The request's body, checked against what the deployed endpoint takes as far as ``address`` tells."""
    check_limits(parameters, max_input_tokens=address.max_input_tokens, max_total_tokens=address.max_total_tokens)
    check_adapter(parameters, adapters=address.adapters)
    return encode(payload, max_body_bytes=options.max_body_bytes)
