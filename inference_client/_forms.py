"""Which form a request takes with which engine: the one place that asks what the engine is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ._answer import Completion
from ._completion_form import CompletionDecoder, completion_payload, read_whole_completion, structured_outputs
from ._decoding import AnswerDecoder
from ._generate_form import GenerateDecoder, read_whole_answer
from ._parameters import GenerationParameters
from ._payload import chat_payload, check_prompt, generate_payload


class _PromptPayload(Protocol):
    def __call__(self, prompt: str, parameters: GenerationParameters, *, streamed: bool) -> dict[str, Any]: ...


@dataclass(frozen=True, kw_only=True)
class _PromptForm:
    payload: _PromptPayload
    decoder: type[AnswerDecoder]
    read_whole: Callable[[bytes], tuple[Completion, tuple[Completion, ...]]]


_GENERATE = _PromptForm(payload=generate_payload, decoder=GenerateDecoder, read_whole=read_whole_answer)
_COMPLETION = _PromptForm(payload=completion_payload, decoder=CompletionDecoder, read_whole=read_whole_completion)


@dataclass(frozen=True, kw_only=True)
class Forms:
    """How one endpoint is asked.

    Attributes:
        engine: ``tgi`` or ``vllm``; None, where nobody said it, is taken for TGI.
    """

    engine: str | None

    def prompt(self, prompt: str, parameters: GenerationParameters, *, streamed: bool) -> dict[str, Any]:
        """The payload of a prompt.

        Raises:
            InvalidPromptError: the prompt is empty or not text.
            InvalidParameterError: the engine does not know a parameter, or it cannot be streamed.
        """
        check_prompt(prompt)
        return self._form.payload(prompt, parameters, streamed=streamed)

    @property
    def decoder(self) -> type[AnswerDecoder]:
        """What reads the stream that answers a prompt."""
        return self._form.decoder

    def read_whole(self, body: bytes) -> tuple[Completion, tuple[Completion, ...]]:
        """Read the answer to a prompt that came in one piece.

        Raises:
            UnexpectedAnswerError: it has another shape.
        """
        return self._form.read_whole(body)

    def chat(self, messages: Sequence[Mapping[str, Any]], parameters: GenerationParameters) -> dict[str, Any]:
        """The payload of a conversation; a grammar has another name and form with each engine.

        Raises:
            InvalidPromptError: there is no message, or one has no role or content.
            InvalidParameterError: a parameter that this form does not know.
        """
        payload = chat_payload(messages, parameters)
        if self._is_vllm and parameters.grammar is not None:
            del payload["response_format"]
            payload["structured_outputs"] = structured_outputs(parameters.grammar)
        return payload

    @property
    def _is_vllm(self) -> bool:
        return self.engine == "vllm"

    @property
    def _form(self) -> _PromptForm:
        return _COMPLETION if self._is_vllm else _GENERATE
