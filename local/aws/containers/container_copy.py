"""One copy of a component: a process, from its start to its end.

It says what became of the process and never decides what to do about it: the fleet does (fleet.py).
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

from local.aws.containers.health import answers_ping, stand_in
from local.aws.containers.output import Output
from local.aws.containers.revision import Revision

_PING_INTERVAL_S = 0.1
# After the process has ended, its descendants may still hold the pipe: do not wait for them longer than this.
_LAST_OUTPUT_S = 1.0


class CopyStatus(StrEnum):
    """Where a copy is in its life."""

    STARTING = "Starting"
    IN_SERVICE = "InService"
    DRAINING = "Draining"
    STOPPING = "Stopping"
    EXITED = "Exited"


class Copy:
    """One running container.

    Args:
        copy_id: unique on this machine.
        revision: what it was made of.
        process: with a pipe to its standard input, which stays open as long as this process lives, and one from its
            output.
        port: where it listens on 127.0.0.1, once it is warm.
        output: what reads the pipe.
        on_change: called, from a thread of this copy, when it became ready or ended.

    Attributes:
        outstanding: requests that are at it now; the fleet counts.
        stand_in: what the container says it serves in place of the model it was asked for, or None.
        adapters: the folders of the adapters that it was given, by name; adapters_lock is held around a change.
        exit_code: of the process, once it has ended; negative for a signal.
        drain_until: when the fleet stops waiting for its requests (monotonic clock), or None.
        kill_at: when the fleet kills it (monotonic clock), after it was asked to stop, or None.
    """

    def __init__(
        self,
        *,
        copy_id: str,
        revision: Revision,
        process: subprocess.Popen[bytes],
        port: int,
        output: Output,
        on_change: Callable[[], None],
    ) -> None:
        self.copy_id = copy_id
        self.revision = revision
        self.port = port
        self.output = output
        self.started_at = time.monotonic()
        self.ready_at: float | None = None
        self.drain_until: float | None = None
        self.kill_at: float | None = None
        self.exit_code: int | None = None
        self.outstanding = 0
        self.adapters: dict[str, Path] = {}
        self.adapters_lock = threading.Lock()
        self.stand_in: dict[str, Any] | None = None
        self._process = process
        self._on_change = on_change
        self._pump = threading.Thread(target=self._read_output, name=f"output of {copy_id}", daemon=True)
        self._watch = threading.Thread(target=self._watch_process, name=f"watch of {copy_id}", daemon=True)
        self._pump.start()
        self._watch.start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def status(self) -> CopyStatus:
        """Where it is in its life."""
        if self.exit_code is not None:
            return CopyStatus.EXITED
        if self.kill_at is not None:
            return CopyStatus.STOPPING
        if self.drain_until is not None:
            return CopyStatus.DRAINING
        return CopyStatus.STARTING if self.ready_at is None else CopyStatus.IN_SERVICE

    @property
    def lost_its_port(self) -> bool:
        """Whether it ended because another program had taken its port in the meantime."""
        return any("address already in use" in line.lower() for line in self.output.last_lines)

    def stop(self, *, grace_s: float) -> None:
        """Ask the process to end. It is for the fleet to kill it at ``kill_at``."""
        if self.kill_at is None:
            self.kill_at = time.monotonic() + grace_s
            self._process.terminate()

    def kill(self) -> None:
        """End the process and its descendants now."""
        self.kill_at = time.monotonic()
        self._kill_group()

    def join(self, timeout_s: float) -> None:
        """Wait for the copy's threads, which end after the process."""
        self._watch.join(timeout_s)

    def _read_output(self) -> None:
        pipe = self._process.stdout
        assert pipe is not None  # noqa: S101 - the launcher opens it
        with pipe:
            self.output.pump(pipe.fileno())

    def _watch_process(self) -> None:
        self._await_readiness()
        exit_code = self._process.wait()
        self._kill_group()
        self._pump.join(_LAST_OUTPUT_S)
        if self._process.stdin is not None:
            self._process.stdin.close()
        self.exit_code = exit_code
        self._on_change()

    def _await_readiness(self) -> None:
        while not self._ended_within(_PING_INTERVAL_S):
            if self.kill_at is not None:
                return
            if answers_ping(self.port) and self._process.poll() is None:
                self.stand_in = stand_in(self.port)
                self.ready_at = time.monotonic()
                self._on_change()
                return

    def _ended_within(self, timeout_s: float) -> bool:
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _kill_group(self) -> None:
        # The launcher made the process the leader of a session of its own, so its group is its descendants.
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # it and they are gone
            return
