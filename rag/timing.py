"""How long each stage of an answer took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum


class Stage(StrEnum):
    """The stages between a question and its answer, in their order. Searching by word runs beside embedding."""

    UNDERSTAND = "understand"
    EMBED = "embed"
    SEARCH = "search"
    FUSE = "fuse"
    RERANK = "rerank"
    PACK = "pack"
    GENERATE = "generate"


class Timings:
    """Durations of stages, in milliseconds; a stage that runs twice adds up."""

    def __init__(self) -> None:
        self._spent_ms: dict[Stage, float] = {}

    @contextmanager
    def measure(self, stage: Stage) -> Iterator[None]:
        """Add the time that a block takes to a stage, even if it fails."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.add(stage, (time.perf_counter() - started) * 1000)

    def add(self, stage: Stage, spent_ms: float) -> None:
        """Add milliseconds to a stage."""
        self._spent_ms[stage] = self._spent_ms.get(stage, 0.0) + spent_ms

    def as_ms(self) -> dict[str, float]:
        """Return milliseconds by the stage's name, in the order of the stages, rounded to microseconds."""
        return {stage.value: round(self._spent_ms[stage], 3) for stage in Stage if stage in self._spent_ms}
