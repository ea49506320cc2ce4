"""The passages that were read last: what many questions find is not read from the store for each of them."""

from collections.abc import Mapping, Sequence

from rag.passage import Passage


class PassageCache:
    """Passages by keys that always mean the same. For one event loop; not for threads.

    Args:
        capacity: passages that are kept; those that were not asked for the longest go first.
    """

    def __init__(self, *, capacity: int) -> None:
        self._capacity = capacity
        self._passages: dict[str, Passage] = {}

    def find(self, keys: Sequence[str]) -> dict[str, Passage]:
        """Return those of the passages that are kept."""
        found = {key: self._passages.pop(key) for key in dict.fromkeys(keys) if key in self._passages}
        # Dictionaries keep the order of insertion: what was asked for now is the last to go.
        self._passages |= found
        return found

    def keep(self, passages: Mapping[str, Passage]) -> None:
        """Keep passages that were read."""
        self._passages |= passages
        for key in list(self._passages)[: max(len(self._passages) - self._capacity, 0)]:
            del self._passages[key]
