"""Takes the stop sequence off a text that streams: engines leave it at the end of what they generate."""

from collections.abc import Sequence


class StopFilter:
    """Checks one text as it arrives.

    Args:
        stops: the sequences that end a generation.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._starts = frozenset(stop[0] for stop in self._stops)
        self._longest = max((len(stop) - 1 for stop in self._stops), default=0)
        self._held = ""
        self.is_stopped = False

    def feed(self, text: str) -> str:
        """Take a piece; return what can be shown of it and of what was held back."""
        if not self._stops:
            return text
        if self.is_stopped:
            return ""
        self._held += text
        found = [at for at in (self._held.find(stop) for stop in self._stops) if at >= 0]
        if found:
            self.is_stopped = True
            ready, self._held = self._held[: min(found)], ""
            return ready
        cut = len(self._held) - self._unfinished()
        ready, self._held = self._held[:cut], self._held[cut:]
        return ready

    def finish(self) -> str:
        """Return what was held back and turned out to be no stop sequence."""
        ready, self._held = self._held, ""
        return ready

    def _unfinished(self) -> int:
        """Length of the longest end of the text that a stop sequence may begin with."""
        longest = min(self._longest, len(self._held))
        if longest == 0 or self._starts.isdisjoint(self._held[-longest:]):
            return 0
        for length in range(longest, 0, -1):
            end = self._held[-length:]
            if any(stop.startswith(end) for stop in self._stops):
                return length
        return 0
