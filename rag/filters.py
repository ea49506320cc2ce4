"""A filter: which documents a search may look at.

Values are matched with what the store really holds (`Facets`): a filter on an author who does not exist there would
only empty the result.
"""

from dataclasses import dataclass, replace
from datetime import date

from rag.errors import InvalidFilterError


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Every given condition must hold; dates are inclusive.

    Raises:
        InvalidFilterError: the range of dates is empty.
    """

    author: str | None = None
    category: str | None = None
    date_from: date | None = None
    date_to: date | None = None

    def __post_init__(self) -> None:
        if self.date_from and self.date_to and self.date_from > self.date_to:
            raise InvalidFilterError(
                f"the filter's dates run from {self.date_from} to {self.date_to}.",
                remedy="The first must not be later than the second.",
            )

    def __bool__(self) -> bool:
        return self != Filters()

    def merged_over(self, other: "Filters") -> "Filters":
        """Return these conditions, and the other's where these say nothing.

        Dates go together: half of one range and half of another would be a third.
        """
        dates = self if self.date_from or self.date_to else other
        return Filters(
            author=self.author or other.author,
            category=self.category or other.category,
            date_from=dates.date_from,
            date_to=dates.date_to,
        )


@dataclass(frozen=True, kw_only=True)
class Facets:
    """The values that a store's documents have.

    Attributes:
        authors: sorted.
        categories: sorted.
        date_first: the earliest date of a document, or None where none has one.
        date_last: the latest.
    """

    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    date_first: date | None = None
    date_last: date | None = None

    def resolve(self, filters: Filters) -> Filters:
        """Return the filters in the store's own spelling, without the conditions that no document can meet."""
        author = _spelled(filters.author, self.authors)
        category = _spelled(filters.category, self.categories)
        kept = replace(filters, author=author, category=category)
        if self.date_first is None or self.date_last is None:
            return replace(kept, date_from=None, date_to=None)
        if (kept.date_from and kept.date_from > self.date_last) or (kept.date_to and kept.date_to < self.date_first):
            return replace(kept, date_from=None, date_to=None)
        return kept


def _spelled(value: str | None, known: tuple[str, ...]) -> str | None:
    """Return the known value that equals this one but for case, or the only one that contains all of its words."""
    if not value or not value.strip():
        return None
    wanted = value.casefold().split()
    same = [k for k in known if k.casefold().split() == wanted]
    if same:
        return same[0]
    holding = [k for k in known if set(wanted) <= set(k.casefold().split())]
    return holding[0] if len(holding) == 1 else None
