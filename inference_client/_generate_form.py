"""TGI's generate form: its token stream, and its answer in one piece."""

import json
from collections.abc import Mapping
from typing import Any

from ._answer import Completion, Token, TokenEvent, Usage
from ._decoding import AnswerDecoder
from ._failure import unexpected_answer


class GenerateDecoder(AnswerDecoder):
    """Each event is a token; the final one also has the whole text and, with ``details``, the counts."""

    def take(self, message: Mapping[str, Any]) -> TokenEvent | None:
        """Read ``{index, token, generated_text, details}``."""
        raw = message["token"]
        logprob = raw.get("logprob")
        token = Token(
            id=int(raw["id"]),
            text=str(raw["text"]),
            logprob=None if logprob is None else float(logprob),
            special=bool(raw.get("special", False)),
        )
        index = int(message.get("index") or len(self._text) + 1)
        text = "" if token.special else token.text
        whole = message.get("generated_text")
        if whole is not None:
            details = message.get("details") or {}
            self.completion = Completion(
                text=str(whole),
                finish_reason=str(details.get("finish_reason") or ""),
                usage=Usage(
                    input_tokens=details.get("input_length"), generated_tokens=details.get("generated_tokens", index)
                ),
                seed=details.get("seed"),
            )
        return TokenEvent(index=index, text=text, token=token)


def read_whole_answer(body: bytes) -> tuple[Completion, tuple[Completion, ...]]:
    """Read an answer that came in one piece: ``[{generated_text, details?}]`` or that object alone.

    It does not say how long the prompt was.

    Returns:
        The answer, and the other candidates where ``best_of`` was asked for.

    Raises:
        UnexpectedAnswerError: it has another shape.
    """
    try:
        parsed = json.loads(body)
        answer = parsed[0] if isinstance(parsed, list) else parsed
        others = (answer.get("details") or {}).get("best_of_sequences") or []
        return _completion(answer, answer.get("details") or {}), tuple(_completion(other, other) for other in others)
    except (ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise unexpected_answer(body, expected='[{"generated_text": …}]') from error


def _completion(answer: Mapping[str, Any], details: Mapping[str, Any]) -> Completion:
    return Completion(
        text=str(answer["generated_text"]),
        finish_reason=str(details.get("finish_reason") or ""),
        usage=Usage(input_tokens=None, generated_tokens=details.get("generated_tokens")),
        seed=details.get("seed"),
    )
