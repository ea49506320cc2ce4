"""Requests as bytes: what the engine is sent, checked for what is knowable before sending.

Two forms, both taken by TGI's POST /invocations: generate ``{inputs, parameters, stream}`` and messages ``{messages,
…}``. Which engine takes which, and the form that a prompt has with vLLM, is in _forms.py.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ._parameters import GenerationParameters
from .errors import InvalidParameterError, InvalidPromptError, RequestTooLargeError

SAGEMAKER_MAX_BODY_BYTES = 6_291_456
"""SageMaker runtime's limit for a request body (BodyBlob in its API model)."""
TGI_MAX_BODY_BYTES = 2_000_000
"""TGI's PAYLOAD_LIMIT as it is when a deployment does not set it."""

_PREFILL_CHUNK_TOKENS = 1024
_CHAT_NAMES = {
    "max_new_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "frequency_penalty": "frequency_penalty",
    "seed": "seed",
    "stop": "stop",
    "grammar": "response_format",
    # TGI takes the model that a chat asks for as an adapter's id: https://huggingface.co/docs/text-generation-inference
    "adapter_id": "model",
}


def check_prompt(prompt: object) -> None:
    """Refuse what no engine answers.

    Raises:
        InvalidPromptError: the prompt is empty or not text.
    """
    if not isinstance(prompt, str):
        raise InvalidPromptError(f"The prompt is a {type(prompt).__name__}; it must be a str.")
    if not prompt:
        raise InvalidPromptError("The prompt is empty; the engine needs at least one character.")


def generate_payload(prompt: str, parameters: GenerationParameters, *, streamed: bool) -> dict[str, Any]:
    """The generate form. ``details`` is asked for: finish reason and token counts come only with it.

    Raises:
        InvalidParameterError: the parameters cannot be streamed.
    """
    if streamed and (parameters.best_of or 1) > 1:
        raise InvalidParameterError(f"best_of is {parameters.best_of}; a stream allows only 1. Use streamed=False.")
    return {"inputs": prompt, "parameters": {**parameters.as_payload(), "details": True}, "stream": streamed}


def chat_payload(messages: Sequence[Mapping[str, Any]], parameters: GenerationParameters) -> dict[str, Any]:
    """The messages form, streamed, with usage in its last chunk.

    Raises:
        InvalidPromptError: there is no message, or one has no role or content.
        InvalidParameterError: a parameter that this form does not know.
    """
    if isinstance(messages, str) or not messages:
        raise InvalidPromptError('messages must be a non-empty list of {"role": …, "content": …}.')
    for position, message in enumerate(messages):
        if not isinstance(message, Mapping) or not message.get("role") or "content" not in message:
            raise InvalidPromptError(f'messages[{position}] is {message!r:.80}; it needs a "role" and a "content".')
    sent = parameters.as_payload()
    sent.pop("return_full_text")
    unknown = sorted(set(sent) - set(_CHAT_NAMES))
    if unknown:
        raise InvalidParameterError(f"{', '.join(unknown)}: not known in a chat; allowed: {', '.join(_CHAT_NAMES)}.")
    renamed = {_CHAT_NAMES[name]: value for name, value in sent.items()}
    return {
        "messages": [dict(message) for message in messages],
        **renamed,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def check_limits(
    parameters: GenerationParameters, *, max_input_tokens: int | None, max_total_tokens: int | None
) -> None:
    """Refuse what the deployed limits exclude whatever the prompt is; the prompt's own length only the engine knows.

    TGI counts at most 1024 new tokens at once against the total, so a larger max_new_tokens is cut off, not refused.

    Raises:
        InvalidParameterError: names the parameter, its value and the limit.
    """
    if max_input_tokens is not None and (parameters.truncate or 0) > max_input_tokens:
        raise InvalidParameterError(
            f"truncate is {parameters.truncate}; allowed: 1 to {max_input_tokens}, the endpoint's MaxInputTokens."
        )
    if max_total_tokens is not None and parameters.max_new_tokens is not None:
        counted = min(parameters.max_new_tokens, _PREFILL_CHUNK_TOKENS)
        if counted + 1 > max_total_tokens:
            raise InvalidParameterError(
                f"max_new_tokens is {parameters.max_new_tokens}; allowed: 1 to {max_total_tokens - 1}, so that a "
                f"prompt fits beside it in the endpoint's MaxTotalTokens of {max_total_tokens}."
            )


def check_adapter(parameters: GenerationParameters, *, adapters: tuple[str, ...] | None) -> None:
    """Refuse an adapter that the endpoint has not: TGI would let the base model answer, and not say so.

    Raises:
        InvalidParameterError: names what there is.
    """
    if parameters.adapter_id is None or adapters is None or parameters.adapter_id in adapters:
        return
    allowed = ", ".join(adapters) or "none, the endpoint has no adapters"
    raise InvalidParameterError(f"adapter_id is {parameters.adapter_id!r}; allowed: {allowed}.")


def encode(payload: Mapping[str, Any], *, max_body_bytes: int) -> bytes:
    """The request's body.

    Raises:
        InvalidPromptError: the text is not valid Unicode, or something in the payload is no JSON.
        RequestTooLargeError: the body exceeds ``max_body_bytes`` or SageMaker's limit.
    """
    try:
        body = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise InvalidPromptError(f"The prompt has half a surrogate pair at {error.start}: it is not text.") from error
    except (TypeError, ValueError) as error:
        raise InvalidPromptError(f"The payload cannot be written as JSON: {error}.") from error
    allowed = min(max_body_bytes, SAGEMAKER_MAX_BODY_BYTES)
    if len(body) > allowed:
        raise RequestTooLargeError(f"The request has {len(body):,} bytes; allowed: {allowed:,}. Shorten the prompt.")
    return body
