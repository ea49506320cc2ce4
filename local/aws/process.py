"""The local AWS as a process that another program starts, waits for and stops."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from local.aws.errors import StartError
from local.child_process import ChildProcess, NotReadyError

LOG_FILE = "aws.log"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0

_READY = re.compile(r"^local AWS ready on http://localhost:(?P<port>\d+)$", re.MULTILINE)
_SHOWN_LINES = 20


class LocalAws:
    """A running local AWS.

    Attributes:
        port: where it listens, on this machine only.
        pid: its process.
        log_file: what it has said.
    """

    def __init__(self, process: ChildProcess, *, log_file: Path) -> None:
        self.port = int(process.ready["port"])
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
        log_file = state_dir / LOG_FILE
        command = [sys.executable, "-m", "local.aws", "--port", str(port), "--state-dir", str(state_dir)]
        command += ["--startup-share", str(startup_share)]
        try:
            process = ChildProcess.start(
                command,
                log_file=log_file,
                ready=_READY,
                timeout_s=timeout_s,
                stop_timeout_s=STOP_TIMEOUT_S,
                detached=detached,
                environment=environment,
            )
        except NotReadyError as error:
            ended = (
                f"did not answer within {timeout_s:g} s"
                if error.exit_code is None
                else f"ended with exit code {error.exit_code}"
            )
            raise StartError(f"the local AWS {ended}: {error.last_lines(_SHOWN_LINES)}") from error
        return cls(process, log_file=log_file)

    @property
    def endpoint_url(self) -> str:
        """For ``AWS_ENDPOINT_URL``."""
        return f"http://localhost:{self.port}"

    def stop(self, *, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """End it and every container it started; killed if it takes longer than that."""
        self._process.stop(timeout_s=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
