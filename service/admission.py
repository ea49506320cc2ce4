"""How many requests of one kind are at work at once. Nobody waits: a queue without bound only hides an overload."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.errors import TooManyRequestsError


class Admission:
    """A fixed number of places. For one event loop; not for threads.

    Args:
        what: what the places are for, in the plural; the refusal names it.
        places: how many.
        retry_after_s: when a refused caller should come back.
    """

    def __init__(self, *, what: str, places: int, retry_after_s: float) -> None:
        self.what = what
        self.places = places
        self.taken = 0
        self.refused = 0
        self._retry_after_s = retry_after_s

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Hold a place for as long as the block runs.

        Raises:
            TooManyRequestsError: none is free.
        """
        if self.taken >= self.places:
            self.refused += 1
            raise TooManyRequestsError(
                f"{self.places} {self.what} are being worked on, as many as are admitted at once. Try again shortly.",
                retry_after_s=self._retry_after_s,
            )
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
