"""The messages form, as TGI, vLLM and OpenAI stream it: ``chat.completion.chunk`` objects, then ``[DONE]``."""

from collections.abc import Mapping
from typing import Any

from ._answer import Completion, TokenEvent, Usage
from ._decoding import AnswerDecoder


class ChatDecoder(AnswerDecoder):
    """The finish reason comes in one chunk and, with ``include_usage``, the counts in a later one without choices."""

    def __init__(self) -> None:
        super().__init__()
        self._finish_reason: str | None = None
        self._usage = Usage(input_tokens=None, generated_tokens=None)

    def take(self, message: Mapping[str, Any]) -> TokenEvent | None:
        """Read ``{choices: [{delta: {content}, finish_reason}], usage}``; TGI sends ``usage: null`` on most chunks."""
        usage = message.get("usage")
        if usage:
            self._usage = Usage(
                input_tokens=usage.get("prompt_tokens"), generated_tokens=usage.get("completion_tokens")
            )
        text = ""
        for choice in message["choices"][:1]:
            self._finish_reason = choice.get("finish_reason") or self._finish_reason
            text = str((choice.get("delta") or {}).get("content") or "")
        if self._finish_reason is not None:
            self.completion = Completion(
                text=self.text + text, finish_reason=self._finish_reason, usage=self._usage, seed=None
            )
        return TokenEvent(index=len(self._text) + 1, text=text) if text else None
