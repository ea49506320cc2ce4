"""The copies of a fleet that have not ended: who serves, who is on the way out.

It is not thread-safe: the fleet holds its lock around every call.
"""

import random
import time
from collections.abc import Collection, Iterator

from local.aws.containers.container_copy import Copy, CopyStatus
from local.aws.containers.fleet_state import Routing
from local.aws.containers.revision import Revision


class Roster:
    """Copies.

    Args:
        stop_grace_s: from SIGTERM to SIGKILL.
    """

    def __init__(self, *, stop_grace_s: float) -> None:
        self._copies: list[Copy] = []
        self._stop_grace_s = stop_grace_s

    def __iter__(self) -> Iterator[Copy]:
        return iter(tuple(self._copies))

    def __len__(self) -> int:
        return len(self._copies)

    def add(self, copy: Copy) -> None:
        """A copy was started."""
        self._copies.append(copy)

    def take_ended(self) -> list[Copy]:
        """Remove and return the copies whose process has ended."""
        ended = [copy for copy in self._copies if copy.status is CopyStatus.EXITED]
        self._copies = [copy for copy in self._copies if copy not in ended]
        return ended

    def serving(self) -> list[Copy]:
        """The copies that take requests."""
        return [copy for copy in self._copies if copy.status is CopyStatus.IN_SERVICE]

    def staying(self) -> list[Copy]:
        """The copies that take requests or soon will."""
        return [copy for copy in self._copies if copy.status in {CopyStatus.STARTING, CopyStatus.IN_SERVICE}]

    def of(self, revision: Revision) -> list[Copy]:
        """The staying copies of a revision."""
        return [copy for copy in self.staying() if copy.revision is revision]

    def not_of(self, revision: Revision) -> list[Copy]:
        """The staying copies of any other revision."""
        return [copy for copy in self.staying() if copy.revision is not revision]

    def late(self, now: float) -> list[Copy]:
        """The copies that had time enough to answer /ping and did not."""
        return [
            copy
            for copy in self._copies
            if copy.status is CopyStatus.STARTING and now >= copy.started_at + copy.revision.startup_timeout_s
        ]

    def choose(self, routing: Routing, without: Collection[Copy]) -> Copy | None:
        """Choose a copy for a request, or None when none serves."""
        serving = [copy for copy in self.serving() if copy not in without]
        if serving and routing is Routing.LEAST_OUTSTANDING_REQUESTS:
            least = min(copy.outstanding for copy in serving)
            serving = [copy for copy in serving if copy.outstanding == least]
        return random.choice(serving) if serving else None  # noqa: S311 - it spreads load and hides nothing

    def retire(self, copies: Collection[Copy], *, drain_s: float) -> None:
        """Give copies no more requests, and end them when they have finished those they have, or after a time."""
        until = time.monotonic() + drain_s
        for copy in copies:
            copy.drain_until = until if copy.drain_until is None else min(copy.drain_until, until)

    def surplus(self, copies: list[Copy], *, keep: int) -> list[Copy]:
        """All but ``keep`` of them: first those that are not ready, then those with the fewest requests."""
        by_worth = sorted(copies, key=lambda copy: (copy.status is CopyStatus.IN_SERVICE, copy.outstanding))
        return by_worth[: max(0, len(by_worth) - keep)]

    def stop(self, copies: Collection[Copy]) -> None:
        """End copies now."""
        for copy in copies:
            copy.stop(grace_s=self._stop_grace_s)

    def push_out(self, now: float) -> None:
        """End the retired copies that have no more requests or time, and kill those that do not end."""
        for copy in self._copies:
            drained = copy.outstanding <= 0 or now >= (copy.drain_until or now)
            if copy.status is CopyStatus.DRAINING and drained:
                copy.stop(grace_s=self._stop_grace_s)
            if copy.kill_at is not None and now >= copy.kill_at:
                copy.kill()

    def deadlines(self) -> list[float]:
        """When something about a copy becomes due (monotonic clock)."""
        due = [when for copy in self._copies for when in (copy.drain_until, copy.kill_at) if when is not None]
        starting = [copy for copy in self._copies if copy.status is CopyStatus.STARTING]
        return due + [copy.started_at + copy.revision.startup_timeout_s for copy in starting]
