"""The local AWS as a process that another program starts, waits for and stops."""

import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from local.aws.errors import StartError

LOG_FILE = "aws.log"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0

_READY = re.compile(r"^local AWS ready on http://localhost:(?P<port>\d+)$", re.MULTILINE)
_POLL_S = 0.05
_SHOWN_LINES = 20


class LocalAws:
    """A running local AWS.

    Attributes:
        port: where it listens, on this machine only.
        pid: its process.
        log_file: what it has said.
    """

    def __init__(self, *, process: subprocess.Popen[bytes], port: int, log_file: Path) -> None:
        self.port = port
        self.pid = process.pid
        self.log_file = log_file
        self._process = process

    @classmethod
    def start(
        cls,
        *,
        state_dir: Path,
        port: int = 0,
        detached: bool = False,
        environment: Mapping[str, str] | None = None,
        timeout_s: float = START_TIMEOUT_S,
        startup_share: float = 1.0,
    ) -> Self:
        """Start one, and return when it answers.

        Args:
            state_dir: folder for its log and for the output of containers; made if it is not there.
            port: to listen on; 0 takes any free one.
            detached: run on when the calling process ends; otherwise it ends too, however that one does.
            environment: of the process; the caller's own where None.
            timeout_s: how long it may take to answer.
            startup_share: the part of a template's time to start that containers are given.

        Raises:
            StartError: it ended or did not answer in time; the message holds what it said.
        """
        state_dir.mkdir(parents=True, exist_ok=True)
        log_file = state_dir / LOG_FILE
        command = [sys.executable, "-m", "local.aws", "--port", str(port), "--state-dir", str(state_dir)]
        command += ["--startup-share", str(startup_share)]
        with log_file.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command if detached else [*command, "--exit-with-stdin"],
                stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=None if environment is None else dict(environment),
                start_new_session=True,  # an interrupt on the terminal is the caller's to handle
            )
        try:
            actual_port = _wait_until_ready(process, log_file, timeout_s)
        except BaseException:
            _end(process, timeout_s=STOP_TIMEOUT_S)
            raise
        return cls(process=process, port=actual_port, log_file=log_file)

    @property
    def endpoint_url(self) -> str:
        """For ``AWS_ENDPOINT_URL``."""
        return f"http://localhost:{self.port}"

    def stop(self, *, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """End it and every container it started; killed if it takes longer than that."""
        _end(self._process, timeout_s=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _wait_until_ready(process: subprocess.Popen[bytes], log_file: Path, timeout_s: float) -> int:
    give_up_at = time.monotonic() + timeout_s
    while True:
        said = log_file.read_text(errors="replace")
        if match := _READY.search(said):
            return int(match["port"])
        if process.poll() is not None:
            raise StartError(f"the local AWS ended with exit code {process.returncode}: {_last_lines(said)}")
        if time.monotonic() > give_up_at:
            raise StartError(f"the local AWS did not answer within {timeout_s:g} s: {_last_lines(said)}")
        time.sleep(_POLL_S)


def _last_lines(said: str) -> str:
    return "\n".join(said.strip().splitlines()[-_SHOWN_LINES:]) or "it said nothing"


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
