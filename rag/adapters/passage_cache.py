"""The passages that were read last: what many questions find is not read from the store for each of them."""

from collections.abc import Mapping, Sequence

from rag.passage import Passage


class PassageCache:
    """Passages of one version of a table; another version begins anew. For one event loop; not for threads.

    Args:
        capacity: passages that are kept; those that were not asked for the longest go first.
    """

    def __init__(self, *, capacity: int) -> None:
        self._capacity = capacity
        self._version = 0
        self._passages: dict[str, Passage] = {}

    def find(self, ids: Sequence[str], *, version: int) -> dict[str, Passage]:
        """Return those of the passages that are kept."""
        if version != self._version:
            return {}
        found = {key: self._passages.pop(key) for key in dict.fromkeys(ids) if key in self._passages}
        # Dictionaries keep the order of insertion: what was asked for now is the last to go.
        self._passages |= found
        return found

    def keep(self, passages: Mapping[str, Passage], *, version: int) -> None:
        """Keep passages that were read from a version of the table, unless that is older than what is kept."""
        if version < self._version:
            return
        if version > self._version:
            self._version, self._passages = version, {}
        self._passages |= passages
        for key in list(self._passages)[: max(len(self._passages) - self._capacity, 0)]:
            del self._passages[key]
