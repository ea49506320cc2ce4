"""What lives as long as the application: made when it starts, closed when it ends, nowhere else.

This is the one place where rag's protocols meet their makers.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from rag.answering import Answerer
from rag.protocols import PassageStore
from rag.retrieval import Retriever
from rag.understanding import Understander
from service.admission import Admission
from service.answering import make_answerer, make_understander
from service.endpoint import Endpoint, client_options, endpoint_finder
from service.generator import EndpointGenerator
from service.jobs import Jobs
from service.key_source import KeySource, key_source
from service.knowledge import Knowledge
from service.metrics import Metrics
from service.readiness import ReadinessCheck
from service.settings import Settings
from service.spool import Spool

_BUSY_RETRY_S = 2.0


@dataclass(frozen=True, kw_only=True)
class ServiceState:
    """Everything that requests share.

    Attributes:
        settings: as they were given.
        keys: the API keys; None where callers need none.
        endpoint: the LLM microservice.
        generator: its model.
        store: the passages.
        retriever: finds them.
        understander: reads questions; None where that is off.
        jobs: changes them.
        answers: places for answers.
        searches: places for searches.
        readiness: whether all of this works.
        metrics: what is counted.
    """

    settings: Settings
    keys: KeySource | None
    endpoint: Endpoint
    generator: EndpointGenerator
    store: PassageStore
    retriever: Retriever
    understander: Understander | None
    jobs: Jobs
    answers: Admission
    searches: Admission
    readiness: ReadinessCheck
    metrics: Metrics

    def answerer(self, *, adapter: str | None = None) -> Answerer:
        """Return what answers, by the limits and in the prompt format of the endpoint as it is deployed now.

        Args:
            adapter: the LoRA adapter that writes; None for the base model.
        """
        return make_answerer(
            self.settings,
            endpoint=self.endpoint,
            generator=self.generator,
            retriever=self.retriever,
            understander=self.understander,
            adapter=adapter,
        )


@asynccontextmanager
async def open_state(settings: Settings, metrics: Metrics) -> AsyncIterator[ServiceState]:
    """Make everything, and close it at the end.

    Raises:
        KeysError: the API keys cannot be read.
        InferenceClientError: the endpoint's address cannot be found.
        ModelFileError: the embedder's or the reranker's files are not there.
    """
    async with AsyncExitStack() as stack:
        keys = key_source(settings)
        if keys is not None:
            await keys.load()
        endpoint = Endpoint(find=endpoint_finder(settings), options=client_options(settings))
        stack.push_async_callback(endpoint.aclose)
        await endpoint.open()
        knowledge = await asyncio.to_thread(Knowledge, settings)
        stack.callback(knowledge.close)
        generator = EndpointGenerator(endpoint)
        readiness = ReadinessCheck(
            store=knowledge.store, address=lambda: endpoint.address, ttl_s=settings.readiness_ttl_s
        )
        stack.callback(readiness.close)
        jobs = Jobs(
            ingestor=knowledge.ingestor,
            spool=Spool(settings.spool_folder, max_document_bytes=settings.max_upload_bytes),
            max_waiting=settings.max_waiting_jobs,
            metrics=metrics,
        )
        await jobs.open()
        answers = Admission(what="answers", places=settings.max_answers, retry_after_s=_BUSY_RETRY_S)
        searches = Admission(what="searches", places=settings.max_searches, retry_after_s=_BUSY_RETRY_S)
        for admission in (answers, searches):
            metrics.watch(admission)
        for work in (jobs.work(), *([keys.follow()] if keys else [])):
            stack.push_async_callback(_end, asyncio.create_task(work))
        yield ServiceState(
            settings=settings,
            keys=keys,
            endpoint=endpoint,
            generator=generator,
            store=knowledge.store,
            retriever=knowledge.retriever,
            understander=make_understander(settings, endpoint=endpoint, generator=generator, store=knowledge.store),
            jobs=jobs,
            answers=answers,
            searches=searches,
            readiness=readiness,
            metrics=metrics,
        )


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
