"""llama.cpp's stream of results → TGI's tokens, without I/O.

llama.cpp (tools/server, process_token) writes one result a token with three exceptions, which are made good here:
- tokens that leave a character unfinished get no result; the next result holds the text of all of them and only its own
  id. They are put back with an empty text, as TGI streams them. Their probabilities are not known.
- a control token comes with an empty text; TGI writes its name.
- whether a control token ended the answer is only said by the result after it.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from local.llama.tokens import Step, Token
from local.llama.vocabulary import Vocabulary


class StepDecoder:
    """Decodes the results of one generation in their order."""

    def __init__(self, *, vocabulary: Vocabulary, top_n_tokens: int) -> None:
        """Start before the first result.

        Args:
            vocabulary: the model's.
            top_n_tokens: how many of the most probable tokens each step carries.
        """
        self._vocabulary = vocabulary
        self._top_n_tokens = top_n_tokens
        self._count = 0
        self._held: Step | None = None

    def decode(self, result: Mapping[str, Any]) -> Iterator[Step]:
        """Take one result and give the steps that are now known, in order; possibly none."""
        count = int(result["tokens_predicted"])
        new, self._count = count - self._count, count
        if result["stop"]:
            yield from self._finish(ended=result.get("stop_type") == "eos", unreported=new)
        elif new > 0:
            if self._held is not None:
                yield self._held
                self._held = None
            yield from self._decode_tokens(result, new)

    def _decode_tokens(self, result: Mapping[str, Any], new: int) -> Iterator[Step]:
        token_id, text = int(result["tokens"][-1]), str(result["content"])
        special = self._vocabulary.is_special(token_id)
        if new > 1 and not special:
            *begun, _ = self._vocabulary.split(text.encode(), count=new, last_id=token_id)
            for begun_id in begun:
                yield Step(Token(id=begun_id, text="", logprob=None, special=False), top_tokens=(), ends=False)
        probabilities = result.get("completion_probabilities") or [{}]
        token = Token(
            id=token_id,
            text=self._vocabulary.text(token_id) if special else text,
            logprob=_logprob(probabilities[-1]),
            special=special,
        )
        step = Step(token, top_tokens=self._top_tokens(probabilities[-1]), ends=False)
        if special:
            self._held = step
        else:
            yield step

    def _finish(self, *, ended: bool, unreported: int) -> Iterator[Step]:
        held, self._held = self._held, None
        if held is None and ended and unreported:
            # The answer ended within a character: the token that ends it got no result of its own.
            eos_id = self._vocabulary.eos_id
            token = Token(id=eos_id, text=self._vocabulary.text(eos_id), logprob=None, special=True)
            held = Step(token, top_tokens=(), ends=False)
        if held is not None:
            yield Step(held.token, top_tokens=held.top_tokens, ends=ended)

    def _top_tokens(self, probabilities: Mapping[str, Any]) -> tuple[Token, ...]:
        top = probabilities.get("top_logprobs") or probabilities.get("top_probs") or []
        return tuple(
            Token(
                id=entry["id"],
                text=self._vocabulary.text(entry["id"]),
                logprob=_logprob(entry),
                special=self._vocabulary.is_special(entry["id"]),
            )
            for entry in top[: self._top_n_tokens]
        )


def _logprob(entry: Mapping[str, Any]) -> float | None:
    """Return a logarithm from either form: the model's own (`logprob`) or after sampling's filters (`prob`)."""
    if "logprob" in entry:
        return float(entry["logprob"])
    probability = float(entry.get("prob", 0))
    return math.log(probability) if probability > 0 else None
