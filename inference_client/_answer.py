"""The values that an answer is made of. They know nothing of how it came."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """One token as the engine reports it.

    Attributes:
        text: the token's own text; of a special token (the end of a turn, say) this is not part of the answer.
        logprob: natural logarithm of its probability; None if the engine did not say.
    """

    id: int
    text: str
    logprob: float | None
    special: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenEvent:
    """One step of a stream.

    Attributes:
        index: counts from 1.
        text: what to append to the answer; "" for a special token, and while a character is still incomplete.
        token: the token itself; None in a chat, where the engine sends only text.
    """

    index: int
    text: str
    token: Token | None = None


@dataclass(frozen=True, kw_only=True)
class Usage:
    """How many tokens went in and came out; None where the engine did not say."""

    input_tokens: int | None
    generated_tokens: int | None


@dataclass(frozen=True, kw_only=True)
class Timings:
    """How long an answer took, measured by this client from just before the request was sent.

    Attributes:
        time_to_first_token_s: until the first token arrived; None for an answer that came in one piece.
        total_s: until the answer was complete.
        tokens_per_s: generated tokens over ``total_s``; None where the engine did not count them.
    """

    time_to_first_token_s: float | None
    total_s: float
    tokens_per_s: float | None


@dataclass(frozen=True, kw_only=True)
class Completion:
    """What an engine says about a finished answer.

    Attributes:
        finish_reason: the engine's word: ``length`` (cut off by max_new_tokens or the context), ``eos_token``,
            ``stop_sequence`` or, in a chat, ``stop``; "" if it gave none.
        seed: what the sampling was seeded with; None when greedy or not said.
    """

    text: str
    finish_reason: str
    usage: Usage
    seed: int | None = None


@dataclass(frozen=True, kw_only=True)
class Generation(Completion):
    """A finished answer.

    Attributes:
        request_id: SageMaker's id of the request.
        invoked_variant: the production variant that answered.
    """

    timings: Timings
    request_id: str | None = None
    invoked_variant: str | None = None
    alternatives: tuple[Completion, ...] = field(default=())
