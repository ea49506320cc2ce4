"""A process that does not outlive the one that started it, however that one ends.

The starter holds the other end of this process's stdin. The kernel closes it when the starter is gone, also after a
SIGKILL, and on every system alike; a parent-death signal exists on Linux only and follows a thread, not a process.
"""

import os
import signal
import sys
import threading


def end_with_stdin() -> None:
    """From now on, end this process by SIGTERM as soon as its stdin ends."""
    threading.Thread(target=_wait_for_end, name="lifeline", daemon=True).start()


def _wait_for_end() -> None:
    while os.read(sys.stdin.fileno(), 65536):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
