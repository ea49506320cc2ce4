"""One line on stderr that says what is being waited for, and for how long already."""

import sys
import threading
import time
from types import TracebackType
from typing import Self, TextIO

_SILENT_S = 1.0
_TERMINAL_STEP_S = 0.5
_LOG_STEP_S = 10.0


class Progress:
    """Says so when its block runs longer than a second: on a terminal in a line that goes again, else now and then.

    Args:
        label: what is being done, as "waiting for the first token"; it may be changed meanwhile.
    """

    def __init__(self, label: str, *, to: TextIO | None = None) -> None:
        self.label = label
        self._to = to or sys.stderr
        self._is_terminal = self._to.isatty()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
        self._started_s = time.monotonic()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        if self._done.wait(_SILENT_S):
            return
        while True:
            line = f"{self.label} … {time.monotonic() - self._started_s:.0f} s"
            self._to.write(f"\r\x1b[2K{line}" if self._is_terminal else f"{line}\n")
            self._to.flush()
            if self._done.wait(_TERMINAL_STEP_S if self._is_terminal else _LOG_STEP_S):
                break
        if self._is_terminal:
            self._to.write("\r\x1b[2K")
            self._to.flush()
