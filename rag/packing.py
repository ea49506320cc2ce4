"""Retrieved passages into the room that a prompt has: whole, by rank, numbered, and marked as quotations.

The measure is the deployed endpoint's own limit of input tokens. This module does not know the words around the
passages (prompting.py) or where the limit comes from.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.errors import InvalidQuestionError
from rag.passage import RetrievedPassage
from rag.quoting import quote, quote_label


@dataclass(frozen=True, kw_only=True)
class Source:
    """A passage in a prompt.

    Attributes:
        number: what a citation of it says, from 1.
        retrieved: the passage and its scores.
    """

    number: int
    retrieved: RetrievedPassage


@dataclass(frozen=True, kw_only=True)
class Packed:
    """What a prompt quotes.

    Attributes:
        text: the quotations.
        sources: the passages in them, by number.
        dropped: passages for which there was no room, best first.
        tokens: what the quotations take.
    """

    text: str
    sources: tuple[Source, ...]
    dropped: tuple[RetrievedPassage, ...]
    tokens: int


def pack(passages: Sequence[RetrievedPassage], *, max_tokens: int, count_tokens: Callable[[str], int]) -> Packed:
    """Quote as many passages as fit.

    A passage is quoted whole or not at all; one that does not fit gives its room to the next that does.

    Args:
        passages: best first.
        max_tokens: what all quotations together may take.
        count_tokens: the language model's measure, or an upper estimate of it.
    """
    quoted: list[str] = []
    sources: list[Source] = []
    dropped: list[RetrievedPassage] = []
    used = 0
    for passage in passages:
        number = len(sources) + 1
        text = quotation(passage, number)
        tokens = count_tokens(text) + 1
        if used + tokens > max_tokens:
            dropped.append(passage)
            continue
        quoted.append(text)
        sources.append(Source(number=number, retrieved=passage))
        used += tokens
    return Packed(text="\n\n".join(quoted), sources=tuple(sources), dropped=tuple(dropped), tokens=used)


def quotation(retrieved: RetrievedPassage, number: int) -> str:
    """Return a passage between its marks."""
    metadata = retrieved.passage.metadata
    name = retrieved.passage.heading or metadata.title
    parts = [
        name,
        f"by {metadata.author}" if metadata.author else "",
        metadata.date.isoformat() if metadata.date else "",
    ]
    described = quote_label(", ".join(part for part in parts if part))
    head = f"passage {number}: {described}" if described else f"passage {number}"
    return f"<{head}>\n{quote(retrieved.passage.text)}\n</passage {number}>"


def room_for_passages(*, max_input_tokens: int, other_tokens: int) -> int:
    """Return the tokens that are left for quotations beside the rest of a prompt.

    Raises:
        InvalidQuestionError: the rest alone is too long.
    """
    room = max_input_tokens - other_tokens
    if room < 0:
        raise InvalidQuestionError(
            f"the question alone takes about {other_tokens:,} tokens.",
            remedy=f"The endpoint takes {max_input_tokens:,} input tokens.",
        )
    return room
