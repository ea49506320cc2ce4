"""A server as a child process: started with a log file, waited for until the log says that it listens, and ended.

What it serves, and in which words its failure is told, its starters know.
"""

import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

_POLL_S = 0.05
_EXIT_WITH_STDIN = "--exit-with-stdin"


class NotReadyError(Exception):
    """The process ended, or was ended, before it listened.

    Attributes:
        exit_code: of a process that ended by itself; None for one that took too long.
        said: what it wrote.
    """

    def __init__(self, *, exit_code: int | None, said: str) -> None:
        super().__init__(f"ended with {exit_code}" if exit_code is not None else "took too long")
        self.exit_code = exit_code
        self.said = said.strip()

    def last_lines(self, count: int) -> str:
        """Return the last of what it wrote."""
        return "\n".join(self.said.splitlines()[-count:]) or "it said nothing"


class ChildProcess:
    """A running server.

    Attributes:
        pid: its process.
        ready: what its log said when it listened.
    """

    def __init__(self, process: subprocess.Popen[bytes], *, ready: re.Match[str]) -> None:
        self.pid = process.pid
        self.ready = ready
        self._process = process

    @classmethod
    def start(
        cls,
        command: Sequence[str],
        *,
        log_file: Path,
        ready: re.Pattern[str],
        timeout_s: float,
        stop_timeout_s: float,
        detached: bool,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Self:
        """Start it, and return when its log says that it listens.

        Args:
            command: of a program that knows `--exit-with-stdin`.
            log_file: for what it writes; its folder is made.
            ready: the line that says that it listens.
            timeout_s: how long it may take to say so.
            stop_timeout_s: how long one that did not may take to end.
            detached: run on when this process ends; otherwise it ends too, however this one does.
            cwd: its folder; the caller's own where None.
            environment: of the process; the caller's own where None.

        Raises:
            NotReadyError: it ended or did not listen in time.
        """
        log_file.parent.mkdir(parents=True, exist_ok=True)
        with log_file.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - the caller's own program
                command if detached else [*command, _EXIT_WITH_STDIN],
                cwd=cwd,
                env=None if environment is None else dict(environment),
                stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # an interrupt on the terminal is the caller's to handle
            )
        try:
            found = _wait_until_ready(process, log_file=log_file, ready=ready, timeout_s=timeout_s)
        except BaseException:
            _end(process, timeout_s=stop_timeout_s)
            raise
        return cls(process, ready=found)

    def stop(self, *, timeout_s: float) -> None:
        """End it; killed if it takes longer than that."""
        _end(self._process, timeout_s=timeout_s)


def _wait_until_ready(
    process: subprocess.Popen[bytes], *, log_file: Path, ready: re.Pattern[str], timeout_s: float
) -> re.Match[str]:
    give_up_at = time.monotonic() + timeout_s
    while True:
        exit_code = process.poll()
        said = log_file.read_text(errors="replace")
        if found := ready.search(said):
            return found
        if exit_code is not None or time.monotonic() > give_up_at:
            raise NotReadyError(exit_code=exit_code, said=said)
        time.sleep(_POLL_S)


def _end(process: subprocess.Popen[bytes], *, timeout_s: float) -> None:
    if process.stdin is not None:
        process.stdin.close()
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
