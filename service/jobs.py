"""Changes of the documents, one after the other, in the background, with an honest status of each.

The store has one writer. What it cannot do now (another writer is at work, the object store does not answer) is tried
again until it can; what it will never do fails, and the status says why. Status is kept in memory, for the latest jobs.
"""

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import structlog

from rag.document import Metadata
from rag.errors import RagError
from rag.ingest import Ingestor
from rag.outcome import IngestReport, Progress
from service.errors import TooManyRequestsError, UnknownJobError
from service.metrics import Metrics
from service.problem_responses import note_problem
from service.problems import Problem
from service.spool import JobKind, Order, Spool

_REMEMBERED = 200
_RETRY_FIRST_S = 1.0
_RETRY_MOST_S = 30.0
_FULL_RETRY_S = 30.0


class JobState(StrEnum):
    """How far a job is. `waiting` also means: to be tried again."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(kw_only=True)
class Job:
    """One change of the documents.

    Attributes:
        order: what to do.
        state: how far it is.
        progress: where it is while it runs.
        report: what became of each document; only when it is done.
        problem: why it failed, or why it has to wait.
        finished: set when it is done or has failed.
    """

    order: Order
    state: JobState = JobState.WAITING
    started_at: datetime | None = None
    finished_at: datetime | None = None
    progress: Progress | None = None
    report: IngestReport | None = None
    problem: Problem | None = None
    finished: asyncio.Event = field(default_factory=asyncio.Event)


class Jobs:
    """The queue of changes, and who works it off.

    Args:
        ingestor: makes the changes.
        spool: keeps what waits.
        max_waiting: jobs that may wait or run; beyond it new ones are refused.
        metrics: where ended jobs are counted.
    """

    def __init__(self, *, ingestor: Ingestor, spool: Spool, max_waiting: int, metrics: Metrics) -> None:
        self._ingestor = ingestor
        self.spool = spool
        self._max_waiting = max_waiting
        self._metrics = metrics
        self._known: dict[str, Job] = {}
        self._queue: deque[Job] = deque()
        self._arrived = asyncio.Event()
        self._log = structlog.get_logger(__name__)

    async def open(self) -> None:
        """Take up what an earlier process left."""
        for order in await asyncio.to_thread(self.spool.open):
            self._add(Job(order=order))
        if self._queue:
            self._log.info("jobs_resumed", jobs=len(self._queue))

    def check_room(self) -> None:
        """See whether one more job may wait.

        Raises:
            TooManyRequestsError: it may not.
        """
        if len(self._queue) >= self._max_waiting:
            raise TooManyRequestsError(
                f"{len(self._queue)} changes of the documents wait already, as many as may. Try again later.",
                retry_after_s=_FULL_RETRY_S,
            )

    async def submit(self, job_id: str, *, kind: JobKind, sources: tuple[str, ...], defaults: Metadata) -> Job:
        """Accept a job; its files, if any, are in the spool."""
        order = Order(id=job_id, kind=kind, submitted_at=datetime.now(UTC), sources=sources, defaults=defaults)
        await asyncio.to_thread(self.spool.commit, order)
        job = Job(order=order)
        self._add(job)
        self._log.info("job_accepted", job=job_id, kind=kind.value, sources=len(sources))
        return job

    def find(self, job_id: str) -> Job:
        """Return a job.

        Raises:
            UnknownJobError: there is none, or it ended long ago or before a restart.
        """
        job = self._known.get(job_id)
        if job is None:
            raise UnknownJobError(
                f"There is no job {job_id[:64]!r}. Ended jobs are forgotten after a restart and after {_REMEMBERED} "
                "newer ones; GET /documents says what is stored."
            )
        return job

    def latest(self) -> list[Job]:
        """Return the jobs that are remembered, newest first."""
        return list(reversed(self._known.values()))

    async def work(self) -> None:
        """Work the queue off, until cancelled. A job that is cancelled stays in the spool."""
        while True:
            while not self._queue:
                self._arrived.clear()
                await self._arrived.wait()
            job = self._queue[0]
            await self._run(job)
            await asyncio.to_thread(self.spool.discard, job.order.id)
            self._queue.popleft()
            job.finished_at = datetime.now(UTC)
            self._metrics.jobs.labels(state=job.state.value).inc()
            self._log.info("job_ended", job=job.order.id, state=job.state.value, **_summary(job))
            job.finished.set()

    def _add(self, job: Job) -> None:
        self._known[job.order.id] = job
        ended = [one for one in self._known.values() if one.finished.is_set()]
        for old in ended[: max(0, len(self._known) - _REMEMBERED)]:
            del self._known[old.order.id]
        self._queue.append(job)
        self._arrived.set()

    async def _run(self, job: Job) -> None:
        pause_s = _RETRY_FIRST_S
        while True:
            job.state, job.started_at = JobState.RUNNING, datetime.now(UTC)
            try:
                job.report = await self._change(job)
            except RagError as error:
                job.problem = note_problem(error)
                if not error.retryable:
                    job.state = JobState.FAILED
                    return
                job.state = JobState.WAITING
                self._log.warning("job_waits", job=job.order.id, problem=job.problem.kind, pause_s=pause_s)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _RETRY_MOST_S)
            except Exception as error:
                job.problem = note_problem(error)
                job.state = JobState.FAILED
                return
            else:
                job.state, job.problem = JobState.DONE, None
                return

    async def _change(self, job: Job) -> IngestReport:
        if job.order.kind is JobKind.REMOVE:
            return await self._ingestor.remove(job.order.sources)
        return await self._ingestor.ingest(self.spool.documents(job.order), report=_reporter(job))


def _reporter(job: Job) -> Callable[[Progress], None]:
    def report(progress: Progress) -> None:
        job.progress = progress

    return report


def _summary(job: Job) -> Mapping[str, object]:
    if job.report:
        return {"duration_s": job.report.duration_s, **{str(k): n for k, n in job.report.counts().items()}}
    return {"problem": job.problem.kind} if job.problem else {}


def new_job_id() -> str:
    """Return an id that sorts by time and cannot be guessed."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(6)}"


async def wait_for(job: Job, *, wait_s: float) -> bool:
    """Wait for a job's end, at most so long; return whether it has ended."""
    with suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await job.finished.wait()
    return job.finished.is_set()
