"""How far a publish is, for whoever shows it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """What is being done."""

    DOWNLOAD = "download from the hub"
    READ = "read and check the files"
    UPLOAD = "upload to S3"


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """A moment of a phase.

    Attributes:
        phase: what is being done.
        files: how many files it is about.
        done_bytes: so far; what was there before is counted from the beginning.
        total_bytes: when it is over.
    """

    phase: Phase
    files: int
    done_bytes: int
    total_bytes: int


Report = Callable[[Transfer], None]


class Meter:
    """Adds up the bytes of a phase that several threads work at.

    Args:
        report: told of every addition, by one thread at a time.
        phase: what is being done.
        files: how many files it is about.
        total_bytes: when it is over.
    """

    def __init__(self, report: Report, *, phase: Phase, files: int, total_bytes: int) -> None:
        self._report = report
        self._phase = phase
        self._files = files
        self._total_bytes = total_bytes
        self._done_bytes = 0
        self._lock = threading.Lock()
        self.add(0)

    def add(self, count: int) -> None:
        """Count further bytes; fewer than none where something has to be done again."""
        with self._lock:
            self._done_bytes += count
            self._report(
                Transfer(
                    phase=self._phase,
                    files=self._files,
                    done_bytes=self._done_bytes,
                    total_bytes=self._total_bytes,
                )
            )
