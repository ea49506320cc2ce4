"""The LoRA adapters of the endpoint, as callers name them: many twins on the GPUs of one.

A chat asks for a model: `llm-twin` is the twin, `llm-twin:ADAPTER` is it in the voice of an adapter, and the adapter's
own name is that model without retrieval.
"""

from inference_client import EndpointAddress
from service.errors import InvalidRequestError

TWIN_MODEL = "llm-twin"
_SEPARATOR = ":"


def deployed_adapter(adapter: str | None, address: EndpointAddress) -> str | None:
    """Return an adapter that the endpoint has, or None where none is asked for.

    Raises:
        InvalidRequestError: the endpoint has no such adapter.
    """
    known = address.adapters or ()
    if adapter is not None and adapter not in known:
        there = ", ".join(known) or "none"
        raise InvalidRequestError(
            f"There is no adapter {adapter[:100]!r}; the endpoint has: {there}.", parameter="adapter"
        )
    return adapter


def twin_models(address: EndpointAddress) -> dict[str, str | None]:
    """Return the twins that a chat can ask for, with the adapter that each writes with."""
    return {TWIN_MODEL: None, **{f"{TWIN_MODEL}{_SEPARATOR}{adapter}": adapter for adapter in address.adapters or ()}}


def plain_models(address: EndpointAddress) -> dict[str, str | None]:
    """Return the endpoint's own models, with the adapter that each is; the base model first."""
    return {address.model_id or "llm": None, **{adapter: adapter for adapter in address.adapters or ()}}
