"""When a generation ends (TGI: StoppingCriteria in server/text_generation_server/utils/tokens.py, v3.3)."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from local.llama.tokens import Step

# How much of the text TGI keeps to look for stop sequences in.
_KEPT_CHARACTERS: Final = 300


class FinishReason(StrEnum):
    """Why a generation ended."""

    LENGTH = "length"
    EOS_TOKEN = "eos_token"  # noqa: S105  a name of TGI's, not a secret
    STOP_SEQUENCE = "stop_sequence"

    def as_openai(self) -> str:
        """Return it as TGI's OpenAI routes say it: only the end of sequence is renamed."""
        return "stop" if self is FinishReason.EOS_TOKEN else self.value


class StoppingCriteria:
    """Watches the steps of one generation."""

    def __init__(self, *, max_new_tokens: int, stop: Sequence[str]) -> None:
        """Start before the first step.

        Args:
            max_new_tokens: the generation ends with this many tokens.
            stop: it ends where the text so far ends with one of these, also when a line break follows. A stop sequence
                in the middle of a token's text ends nothing, in TGI neither.
        """
        self._max_new_tokens = max_new_tokens
        self._endings = tuple(ending for sequence in stop for ending in (sequence, f"{sequence}\n"))
        self._kept = max(_KEPT_CHARACTERS, *map(len, self._endings)) if self._endings else 0
        self._text = ""
        self._count = 0

    def check(self, step: Step) -> FinishReason | None:
        """Take a step; return why the generation ends with it, or None. The length is looked at first."""
        self._count += 1
        if self._count >= self._max_new_tokens:
            return FinishReason.LENGTH
        if step.ends:
            return FinishReason.EOS_TOKEN
        if self._endings:
            self._text = (self._text + step.token.text)[-self._kept :]
            if self._text.endswith(self._endings):
                return FinishReason.STOP_SEQUENCE
        return None
