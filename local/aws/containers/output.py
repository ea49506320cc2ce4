"""What a container prints: read from its pipe, kept in a file, sent to the log, and its last lines at hand.

It does not know what a log is; LogSink is the shape of one.
"""

import logging
import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

_CHUNK_BYTES = 65_536
_LAST_LINES = 50
# CloudWatch Logs' limit of one event is 256 KiB; a longer line is cut, before the next chunk takes it there.
_MAX_LINE_BYTES = 190_000

_logger = logging.getLogger(__name__)


class LogSink(Protocol):
    """Where the lines of containers go."""

    def write(self, *, group: str, stream: str, lines: Sequence[str], time_ms: int) -> None:
        """Append lines, all printed at ``time_ms`` (milliseconds since the epoch)."""
        ...


class Output:
    """The output of one container.

    Args:
        file: where it is kept, whole.
        sink: the log that also gets it.
        group: the log group.
        stream: the log stream.
    """

    def __init__(self, *, file: Path, sink: LogSink, group: str, stream: str) -> None:
        self.file = file
        self._sink = sink
        self._group = group
        self._stream = stream
        self._last: deque[str] = deque(maxlen=_LAST_LINES)

    @property
    def last_lines(self) -> tuple[str, ...]:
        """The last lines that are not blank, oldest first."""
        return tuple(self._last)

    def pump(self, pipe: int) -> None:
        """Read a pipe to its end. Blocks.

        Args:
            pipe: file descriptor of the reading end; it stays open.
        """
        for lines in self._lines(pipe):
            printed = [text for line in lines if (text := line.decode("utf-8", errors="replace").rstrip("\r")).strip()]
            self._last.extend(printed)
            # Whatever becomes of the lines, the pipe must be read on: a container that cannot print stands still.
            try:
                self._keep(b"".join(line + b"\n" for line in lines), printed)
            except Exception:
                _logger.exception("output of a container was lost: it should be in %s", self.file)

    def _lines(self, pipe: int) -> Iterator[list[bytes]]:
        rest = b""
        while chunk := os.read(pipe, _CHUNK_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > _MAX_LINE_BYTES:
                lines, rest = [*lines, rest], b""
            if lines:
                yield lines
        if rest:
            yield [rest]

    def _keep(self, raw: bytes, printed: Sequence[str]) -> None:
        with self.file.open("ab") as file:
            file.write(raw)
        if printed:
            self._sink.write(group=self._group, stream=self._stream, lines=printed, time_ms=int(time.time() * 1000))
