"""When a copy may be started again after one has ended by itself: later with every failure that follows closely."""

from local.aws.containers.fleet_state import Timings

# A port that another program took in the meantime is bad luck; more often than this it is something else.
_MAX_LOST_PORTS = 5


class Restarts:
    """The back-off of one fleet.

    Attributes:
        not_before: when the next copy may start (monotonic clock); 0 for at once.
    """

    def __init__(self, *, timings: Timings) -> None:
        self.not_before = 0.0
        self._timings = timings
        self._delay_s = timings.restart_s
        self._last_failure = 0.0
        self._lost_ports = 0

    def failed(self, now: float) -> None:
        """A copy ended that should not have."""
        if now > self._last_failure + self._delay_s + self._timings.restart_max_s:
            self._delay_s = self._timings.restart_s
        self._last_failure = now
        self.not_before = now + self._delay_s
        self._delay_s = min(self._delay_s * 2, self._timings.restart_max_s)

    def lost_port(self) -> bool:
        """A copy found its port taken; whether to shrug and take another."""
        self._lost_ports += 1
        return self._lost_ports <= _MAX_LOST_PORTS

    def wait(self, until: float) -> None:
        """Start nothing before a moment, without any failure."""
        self.not_before = max(self.not_before, until)
