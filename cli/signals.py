"""SIGTERM treated like Ctrl-C, so that one way of cleaning up serves both."""

import signal
from types import FrameType


def terminate_as_interrupt() -> None:
    """Raise KeyboardInterrupt in the main thread on SIGTERM and SIGHUP."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)
