"""Processes by their ids."""

import os
import signal
import time


def is_alive(pid: int) -> bool:
    """Whether the process exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end(pid: int, *, timeout_s: float = 15.0) -> None:
    """End a process: politely, and by force when it does not listen in time."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        deadline_s = time.monotonic() + timeout_s
        while time.monotonic() < deadline_s:
            if not is_alive(pid):
                return
            time.sleep(0.05)
