"""The text of an answer as it grows, and when it ends (vllm/v1/engine/detokenizer.py and core/sched/utils.py)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from local.llama.tokens import Step, Token


class FinishReason(StrEnum):
    """Why a generation ended."""

    STOP = "stop"
    LENGTH = "length"


@dataclass(frozen=True, kw_only=True)
class Output:
    """What one more token brought.

    Attributes:
        text: that is new and certain; empty while it may be the beginning of a stop string.
        token: as it was generated.
        top_tokens: the most probable tokens at its place.
        finish_reason: None while it goes on.
        stop_reason: the stop string or the stop token that ended it, None for the model's own end.
    """

    text: str
    token: Token
    top_tokens: tuple[Token, ...]
    finish_reason: FinishReason | None
    stop_reason: str | int | None


class Ending:
    """Watches the steps of one generation."""

    def __init__(
        self,
        *,
        max_new_tokens: int,
        stop: Sequence[str],
        stop_token_ids: Sequence[int],
        include_stop: bool,
        skip_special: bool,
    ) -> None:
        """Start before the first step.

        Args:
            max_new_tokens: the generation ends with this many tokens.
            stop: it ends where one of these appears in the text.
            stop_token_ids: it ends with one of these tokens.
            include_stop: whether the stop string stays in the text.
            skip_special: whether control tokens stay out of the text.
        """
        self._max_new_tokens = max_new_tokens
        self._stop = stop
        self._stop_token_ids = frozenset(stop_token_ids)
        self._include_stop = include_stop
        self._skip_special = skip_special
        # What may be the beginning of a stop string is held back.
        self._most_held = 0 if include_stop else max(map(len, stop), default=1) - 1
        self._held = ""
        self._kept = ""
        self._count = 0

    def take(self, step: Step) -> Output:
        """Take a step."""
        self._count += 1
        token = step.token
        by_token = token.id in self._stop_token_ids
        hidden = step.ends or (by_token and not self._include_stop) or (token.special and self._skip_special)
        text = "" if hidden else token.text
        found = self._find_stop(text)
        self._held += text
        reason: FinishReason | None = None
        stop_reason: str | int | None = None
        if found is not None:
            stop_string, surplus = found
            self._held = self._held[: len(self._held) - surplus]
            reason, stop_reason = FinishReason.STOP, stop_string
        elif step.ends or by_token:
            reason, stop_reason = FinishReason.STOP, token.id if by_token else None
        elif self._count >= self._max_new_tokens:
            reason = FinishReason.LENGTH
        given = len(self._held) if reason is not None else max(len(self._held) - self._most_held, 0)
        new, self._held = self._held[:given], self._held[given:]
        return Output(text=new, token=token, top_tokens=step.top_tokens, finish_reason=reason, stop_reason=stop_reason)

    def _find_stop(self, text: str) -> tuple[str, int] | None:
        """Return the first stop string that the new text completes, and how many characters behind it have to go."""
        if not self._stop:
            return None
        before = len(self._kept)
        self._kept += text
        ends = [
            (at + len(string), string)
            for string in self._stop
            if (at := self._kept.find(string, max(before - len(string) + 1, 0))) >= 0
        ]
        if ends:
            end, string = min(ends)
            return string, len(self._kept) - (end if self._include_stop else end - len(string))
        self._kept = self._kept[-max(map(len, self._stop)) :]
        return None
