"""Values that a generation is made of.

They know nothing of how they are generated (engine.py) nor of how they are written to a client.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Token:
    """A generated token.

    Attributes:
        id: its number in the vocabulary.
        text: what it adds to the text; empty while it only begins a character.
        logprob: natural logarithm of its probability; None where llama.cpp does not report it.
        special: whether it is a control token, which never shows in the generated text.
    """

    id: int
    text: str
    logprob: float | None
    special: bool


@dataclass(frozen=True, slots=True)
class PrefillToken:
    """A token of the prompt; the first has no probability."""

    id: int
    text: str
    logprob: float | None


@dataclass(frozen=True, slots=True)
class Step:
    """One token as it was generated.

    Attributes:
        token: the token.
        top_tokens: the most probable tokens at this place, best first; empty unless asked for.
        ends: whether the model ended its answer with this token.
    """

    token: Token
    top_tokens: tuple[Token, ...]
    ends: bool
