"""How far a publish is, in bytes, on standard error: a moving line on a terminal, a line now and then in a log."""

import time
from contextlib import ExitStack
from types import TracebackType

from cli.progress import Progress, Step
from model.publish.progress import Phase, Transfer

_LINE_EVERY_S = 15.0


class TransferProgress:
    """Shows one step for each phase; use it as a context, and call it with every moment.

    Args:
        progress: where it is shown.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._steps = ExitStack()
        self._step: Step | None = None
        self._phase: Phase | None = None
        self._said_s = 0.0

    def __enter__(self) -> "TransferProgress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._steps.__exit__(kind, error, trace)

    def __call__(self, now: Transfer) -> None:
        """Show a moment. The first of a phase ends the phase before it."""
        if self._step is None or now.phase is not self._phase:
            self._steps.close()
            self._step = self._steps.enter_context(self._progress.step(str(now.phase)))
            self._phase, self._said_s = now.phase, time.monotonic()
        said = f"{format_bytes(now.done_bytes)} of {format_bytes(now.total_bytes)}"
        self._step.result = f"{now.files} files, {said}"
        self._step.now(self._step.result)
        if not self._progress.console.is_terminal and time.monotonic() - self._said_s > _LINE_EVERY_S:
            self._said_s = time.monotonic()
            self._progress.say(f"    {said}")


def format_bytes(count: int) -> str:
    """Bytes for people, in powers of ten."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"
