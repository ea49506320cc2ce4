"""vLLM's completion form: a prompt as it is, ``{prompt, max_tokens, …}``, answered by ``text_completion`` objects.

It takes the place that the generate form has with TGI, and keeps what a caller knows from there: nothing that samples
means the likeliest token, and a stop sequence stays in the text.
https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html
"""

import json
from collections.abc import Mapping
from typing import Any

from ._answer import Completion, TokenEvent, Usage
from ._decoding import AnswerDecoder
from ._failure import unexpected_answer
from ._parameters import GenerationParameters
from .errors import InvalidParameterError

_NAMES = {
    "max_new_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "repetition_penalty": "repetition_penalty",
    "frequency_penalty": "frequency_penalty",
    "seed": "seed",
    "stop": "stop",
    "truncate": "truncate_prompt_tokens",
    "adapter_id": "model",
}
# What says how to sample, and needs no name of its own there.
_SAMPLING = ("do_sample", "temperature", "top_k", "top_p")
_WITHOUT_A_NAME = frozenset({"do_sample", "grammar", "return_full_text"})


def completion_payload(prompt: str, parameters: GenerationParameters, *, streamed: bool) -> dict[str, Any]:
    """The completion form, with usage in the last event of a stream.

    Raises:
        InvalidParameterError: a parameter that vLLM does not know.
    """
    given = parameters.as_payload()
    unknown = sorted(
        name for name, value in given.items() if name not in _NAMES.keys() | _WITHOUT_A_NAME and value is not False
    )
    if parameters.return_full_text:
        unknown.append("return_full_text")
    if unknown:
        raise InvalidParameterError(
            f"{', '.join(unknown)}: not known to vLLM; allowed: {', '.join([*_NAMES, 'do_sample', 'grammar'])}."
        )
    payload: dict[str, Any] = {_NAMES[name]: value for name, value in given.items() if name in _NAMES}
    if not any(given.get(name) for name in _SAMPLING):
        payload["temperature"] = 0.0
    if parameters.stop:
        payload["include_stop_str_in_output"] = True
    if parameters.grammar is not None:
        payload["structured_outputs"] = structured_outputs(parameters.grammar)
    options = {"stream_options": {"include_usage": True}} if streamed else {}
    return {"prompt": prompt, **payload, "stream": streamed, **options}


def structured_outputs(grammar: Mapping[str, Any]) -> dict[str, Any]:
    """What TGI calls a grammar in vLLM's words, ``{"json": …}`` or ``{"regex": …}``.

    Raises:
        InvalidParameterError: ``json_schema`` without a schema.
    """
    kind, value = grammar["type"], grammar["value"]
    if kind == "regex":
        return {"regex": value}
    if kind == "json_schema":
        if not isinstance(value, Mapping) or "schema" not in value:
            raise InvalidParameterError(
                f'grammar is {dict(grammar)!r:.200}; the value of json_schema needs a "schema".'
            )
        return {"json": value["schema"]}
    return {"json": value}


class CompletionDecoder(AnswerDecoder):
    """The finish reason comes in one event and the counts in a later one without choices."""

    def __init__(self) -> None:
        super().__init__()
        self._finish_reason: str | None = None
        self._usage = Usage(input_tokens=None, generated_tokens=None)

    def take(self, message: Mapping[str, Any]) -> TokenEvent | None:
        """Read ``{choices: [{text, finish_reason}], usage}``."""
        if message.get("usage"):
            self._usage = _usage(message["usage"])
        text = ""
        for choice in message["choices"][:1]:
            self._finish_reason = choice.get("finish_reason") or self._finish_reason
            text = str(choice["text"])
        if self._finish_reason is not None:
            self.completion = Completion(
                text=self.text + text, finish_reason=self._finish_reason, usage=self._usage, seed=None
            )
        return TokenEvent(index=len(self._text) + 1, text=text) if text else None


def read_whole_completion(body: bytes) -> tuple[Completion, tuple[Completion, ...]]:
    """Read an answer that came in one piece.

    Returns:
        The answer; there are no other candidates.

    Raises:
        UnexpectedAnswerError: it has another shape.
    """
    try:
        answer = json.loads(body)
        (choice,) = answer["choices"]
        completion = Completion(
            text=str(choice["text"]),
            finish_reason=str(choice.get("finish_reason") or ""),
            usage=_usage(answer.get("usage") or {}),
            seed=None,
        )
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise unexpected_answer(body, expected='{"choices": [{"text": …}]}') from error
    return completion, ()


def _usage(told: Mapping[str, Any]) -> Usage:
    return Usage(input_tokens=told.get("prompt_tokens"), generated_tokens=told.get("completion_tokens"))
