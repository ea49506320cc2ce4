"""The business microservice as a process that `twin up` and `twin demo` start, wait for and stop."""

import re
import socket
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from cli.environment import LocalEnvironment
from cli.errors import PrerequisiteError, ToolFailedError
from cli.project import Project
from local.child_process import ChildProcess, NotReadyError

START_TIMEOUT_S = 60.0
# Its running answers get their grace period first (service/settings.py).
STOP_TIMEOUT_S = 40.0
DEFAULT_PORT = 8000

_READY = re.compile(r"Uvicorn running on (?P<url>http://[^\s\"]+)")
_SHOWN_LINES = 3
# A copy on this machine reads some hundred tokens a second, and its small model reads no filter out of a question in
# useful time: a short prompt, a short answer. What is set in the caller's environment holds.
_FOR_A_SMALL_MODEL = {
    "TWIN_SERVICE_UNDERSTAND": "false",
    "TWIN_SERVICE_PASSAGES": "3",
    "TWIN_SERVICE_MAX_NEW_TOKENS": "120",
}


def check_port(port: int) -> None:
    """Refuse a port that is taken, before minutes of work depend on it.

    Raises:
        PrerequisiteError: another program listens there.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PrerequisiteError(
                f"The service cannot listen on port {port}: {error.strerror}.",
                advice="Name another with --service-port, or leave the service out with --no-service.",
            ) from error


class ServiceProcess:
    """A running service, open to everybody on this machine and to nobody else.

    Attributes:
        pid: its process.
        url: where the API and the page are.
    """

    def __init__(self, process: ChildProcess) -> None:
        self.pid = process.pid
        self.url = process.ready["url"]
        self._process = process

    @classmethod
    def start(
        cls,
        *,
        project: Project,
        environment: LocalEnvironment,
        stage: str,
        store: Path,
        folder: Path,
        port: int = DEFAULT_PORT,
        detached: bool = False,
    ) -> Self:
        """Start it, and return when it listens.

        Args:
            project: the checkout that it runs from.
            stage: whose LLM answers.
            environment: of the AWS in which the stage is deployed.
            store: the passages.
            folder: for its log.
            port: to listen on; 0 takes any free one.
            detached: run on when the calling process ends; otherwise it ends too, however that one does.

        Raises:
            ToolFailedError: it ended or did not listen in time.
        """
        log_file = folder / "service.log"
        command = [sys.executable, "-m", "cli", "serve", "--no-keys", "--stage", stage]
        command += ["--port", str(port), "--store", str(store)]
        try:
            process = ChildProcess.start(
                command,
                log_file=log_file,
                ready=_READY,
                timeout_s=START_TIMEOUT_S,
                stop_timeout_s=STOP_TIMEOUT_S,
                detached=detached,
                cwd=project.root,
                environment=_FOR_A_SMALL_MODEL | environment.whole(),
            )
        except NotReadyError as error:
            if error.exit_code is None:
                problem = f"The service did not listen within {START_TIMEOUT_S:g} s."
            else:
                problem = f"The service did not start:\n{error.last_lines(_SHOWN_LINES)}"
            raise ToolFailedError(problem, log_file=log_file) from error
        return cls(process)

    def stop(self) -> None:
        """End it; killed if it takes longer than its answers may."""
        self._process.stop(timeout_s=STOP_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
