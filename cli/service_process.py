"""The business microservice as a process that `twin up` and `twin demo` start, wait for and stop."""

import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from cli.environment import LocalEnvironment
from cli.errors import PrerequisiteError, ToolFailedError
from cli.project import Project

START_TIMEOUT_S = 60.0
# Its running answers get their grace period first (service/settings.py).
STOP_TIMEOUT_S = 40.0
DEFAULT_PORT = 8000

_READY = re.compile(r"Uvicorn running on (?P<url>http://[^\s\"]+)")
_POLL_S = 0.05
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

    def __init__(self, *, process: subprocess.Popen[bytes], url: str) -> None:
        self.pid = process.pid
        self.url = url
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
        folder.mkdir(parents=True, exist_ok=True)
        log_file = folder / "service.log"
        command = [sys.executable, "-m", "cli", "serve", "--no-keys", "--stage", stage]
        command += ["--port", str(port), "--store", str(store)]
        with log_file.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command if detached else [*command, "--exit-with-stdin"],
                cwd=project.root,
                env=_FOR_A_SMALL_MODEL | environment.whole(),
                stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # an interrupt on the terminal is the caller's to handle
            )
        started = cls(process=process, url="")
        try:
            started.url = started._wait_until_ready(log_file)
        except BaseException:
            started.stop()
            raise
        return started

    def stop(self) -> None:
        """End it; killed if it takes longer than its answers may."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait_until_ready(self, log_file: Path) -> str:
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline_s:
            if match := _READY.search(log_file.read_text(errors="replace")):
                return match["url"]
            if self._process.poll() is not None:
                last = log_file.read_text(errors="replace").strip().splitlines()[-3:]
                raise ToolFailedError("\n".join(["The service did not start:", *last]), log_file=log_file)
            time.sleep(_POLL_S)
        raise ToolFailedError(f"The service did not listen within {START_TIMEOUT_S:g} s.", log_file=log_file)
