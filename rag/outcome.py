"""What became of each document of an ingest."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What became of one document."""

    ADDED = "added"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    EMPTY = "empty"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True)
class DocumentOutcome:
    """One document's fate.

    Attributes:
        source: its identity.
        outcome: what became of it.
        passages: how many passages it has now.
        reason: why it was rejected, or is empty; an empty string otherwise.
    """

    source: str
    outcome: Outcome
    passages: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far an ingest is.

    Attributes:
        documents_done: documents whose fate is decided, and committed where that was needed.
        documents_total: how many there are, where that is known.
        passages_embedded: passages embedded so far.
        source: the document that it is at.
    """

    documents_done: int
    documents_total: int | None
    passages_embedded: int
    source: str


@dataclass(frozen=True, kw_only=True)
class IngestReport:
    """What an ingest did.

    Attributes:
        outcomes: one for each document, in the order in which they were decided.
        passages_embedded: how many passages were embedded.
        duration_s: how long it took.
    """

    outcomes: tuple[DocumentOutcome, ...]
    passages_embedded: int
    duration_s: float

    def counts(self) -> dict[Outcome, int]:
        """Return how many documents met each fate; fates that none met are absent."""
        return dict(Counter(one.outcome for one in self.outcomes))
