"""A cause, and how one is found in evidence. Which causes there are is in causes.py."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from cli.diagnosis.evidence import Evidence


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One cause.

    Attributes:
        name: for programs; stays the same.
        signature: what betrays it, in one piece of evidence.
        explanation: what it means. It may name what the signature's groups caught, facts, and the line it was found in.
        next_step: the one thing to do.
    """

    name: str
    signature: re.Pattern[str]
    explanation: str
    next_step: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A cause that was found, in the words for this deployment.

    Attributes:
        decisive: the evidence that it was found in.
    """

    name: str
    explanation: str
    next_step: str
    decisive: Evidence


def find_cause(
    causes: Iterable[Cause], evidence: Iterable[Evidence], facts: Callable[[Evidence], Mapping[str, str]]
) -> Finding | None:
    """The first cause whose signature is in the evidence; None where none is.

    Args:
        causes: in the order in which they are tried.
        evidence: in order of weight: of two pieces that match, the first is named.
        facts: what a text may name, of that which a piece of evidence is about.
    """
    pieces = tuple(evidence)
    for cause in causes:
        for piece in pieces:
            if match := cause.signature.search(piece.text):
                told = {
                    **facts(piece),
                    "line": _line_of(match),
                    **{key: value for key, value in match.groupdict().items() if value},
                }
                return Finding(
                    name=cause.name,
                    explanation=cause.explanation.format_map(_Told(told)),
                    next_step=cause.next_step.format_map(_Told(told)),
                    decisive=piece,
                )
    return None


def _line_of(match: re.Match[str]) -> str:
    """The line of a log that a match is in, without what a FailureReason puts before the first of them."""
    text = match.string
    line = text[text.rfind("\n", 0, match.start()) + 1 :].partition("\n")[0]
    return line.rpartition("Its last lines: ")[2].strip()


class _Told(dict[str, str]):
    """What a text may name; what nobody told is said to be unknown."""

    def __missing__(self, key: str) -> str:
        return f"(unknown {key})"
