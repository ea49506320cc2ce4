"""The container of one copy as a process, for the tests of every engine."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

_KEPT = ("PATH", "HOME", "TMPDIR", "LOCAL_TGI_THREADS", "LOCAL_VLLM_THREADS")


class Container:
    """`python -m local.tgi` or `local.vllm` as a process, with everything that it writes to stderr."""

    def __init__(self, module: str, environment: Mapping[str, str], *arguments: str) -> None:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self.lines: list[str] = []
        self._ready = threading.Event()
        self.url = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *(arguments or ("--port", "0", "--exit-with-stdin"))],
            env={**kept, **environment},
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))
            if found := re.search(r"(?:listening|server) on (http://\S+?)(\"|$)", self.lines[-1]):
                self.url = found.group(1)
                self._ready.set()
        self._ready.set()

    def wait_until_ready(self) -> "Container":
        assert self._ready.wait(60)
        assert self.url, "\n".join(self.lines)
        return self

    def wait_until_ended(self, timeout_s: float) -> int:
        status = self.process.wait(timeout_s)
        self._reader.join()
        return status

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stderr is not None
        self.process.stdin.close()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)
        self._reader.join()
        self.process.stderr.close()


@contextmanager
def starting(module: str) -> Iterator[Callable[..., Container]]:
    """Give what starts a container of `module` with an environment, and arguments; all are ended after the block."""
    containers = []

    def start(environment: Mapping[str, str], *arguments: str) -> Container:
        containers.append(Container(module, environment, *arguments))
        return containers[-1]

    yield start
    for container in containers:
        container.close()
