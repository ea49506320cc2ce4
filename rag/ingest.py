"""Documents into the store: only what is new or changed, each document whole or not at all.

Order of events for a document: hash; if the store has that hash for its source, nothing else; else convert, clean, cut,
embed, and commit together with its neighbours, its old passages going in the same commit. A killed ingest has lost what
it had not committed and nothing else; running it again does the rest. This module does not know files (reading.py) or
how a commit is made (the store).
"""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rag.conversion import convert
from rag.document import RawDocument
from rag.errors import DocumentError, UnreadableDocumentError
from rag.outcome import DocumentOutcome, IngestReport, Outcome, Progress
from rag.passage import EmbeddedPassage, Passage
from rag.protocols import Embedder, PassageStore, PassageWriter
from rag.reading import Rejected
from rag.splitting import split

_NO_WORDS = "there are no words in it"


@dataclass(frozen=True, kw_only=True)
class IngestSettings:
    """How work is grouped.

    Attributes:
        read_documents: documents that are read and converted at once, at most.
        read_bytes: bytes after which no further document joins them.
        embed_passages: passages between two reports of progress.
        commit_passages: passages after which a commit is due.
        commit_documents: documents after which a commit is due.
    """

    read_documents: int = 64
    read_bytes: int = 4 * 1024 * 1024
    embed_passages: int = 64
    commit_passages: int = 512
    commit_documents: int = 512


class Ingestor:
    """Takes documents in."""

    def __init__(self, *, store: PassageStore, embedder: Embedder, settings: IngestSettings | None = None) -> None:
        self._store = store
        self._embedder = embedder
        self._settings = settings or IngestSettings()

    async def ingest(
        self,
        documents: Iterable[RawDocument | Rejected],
        *,
        total: int | None = None,
        prune_under: str | None = None,
        rebuild: bool = False,
        report: Callable[[Progress], None] | None = None,
    ) -> IngestReport:
        """Take documents in and say what became of each.

        Args:
            documents: read one at a time, on a worker thread.
            total: how many there are, for the progress.
            prune_under: remove stored documents whose source begins with this and that were not among the documents;
                an empty string means the whole store, None removes nothing.
            rebuild: begin with an empty store, as a change of the embedder needs.
            report: called on the event loop after each step; must not block.

        Raises:
            StoreError: the store is locked, corrupt, built with another embedder, or does not answer. What was
            committed
                before stays.
        """
        started = time.monotonic()
        async with self._store.writer(rebuild=rebuild) as writer:
            run = _Run(writer, self._embedder, self._settings, total, report)
            await run.take(iter(documents), dict(await writer.content_hashes()))
            if prune_under is not None:
                await run.prune(prune_under)
        return run.finish(time.monotonic() - started)

    async def remove(self, sources: Collection[str]) -> IngestReport:
        """Remove documents; one that the store does not hold is rejected, and the others go.

        Raises:
            StoreError: as for `ingest`.
        """
        started = time.monotonic()
        async with self._store.writer() as writer:
            run = _Run(writer, self._embedder, self._settings, len(sources), None)
            await run.remove(sources)
        return run.finish(time.monotonic() - started)


class _Run:
    """One ingest: what is decided, and what waits for its commit."""

    def __init__(
        self,
        writer: PassageWriter,
        embedder: Embedder,
        settings: IngestSettings,
        total: int | None,
        report: Callable[[Progress], None] | None,
    ) -> None:
        self._writer = writer
        self._embedder = embedder
        self._settings = settings
        self._total = total
        self._report = report or (lambda _: None)
        self._seen: set[str] = set()
        self._outcomes: list[DocumentOutcome] = []
        self._waiting: list[DocumentOutcome] = []
        self._passages: list[EmbeddedPassage] = []
        self._embedded = 0

    async def take(self, documents: Iterator[RawDocument | Rejected], stored: dict[str, str]) -> None:
        """Decide on every document."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="ingest") as worker:
            while batch := await loop.run_in_executor(worker, self._read, documents):
                changed = [raw for raw in batch if isinstance(raw, RawDocument) and self._is_changed(raw, stored)]
                for item in batch:
                    if isinstance(item, Rejected):
                        self._seen.add(item.source)
                        self._decide(_rejected(item.source, item.error))
                for raw, cut in await loop.run_in_executor(worker, self._prepare, changed):
                    await self._embed(raw.source, cut, is_known=raw.source in stored)
        await self._commit()

    def _read(self, documents: Iterator[RawDocument | Rejected]) -> list[RawDocument | Rejected]:
        batch: list[RawDocument | Rejected] = []
        size_bytes = 0
        while len(batch) < self._settings.read_documents and size_bytes < self._settings.read_bytes:
            item = next(documents, None)
            if item is None:
                break
            batch.append(item)
            if isinstance(item, RawDocument):
                size_bytes += len(item.data)
                _ = item.content_hash  # computed here, on the worker, and kept
        return batch

    def _is_changed(self, raw: RawDocument, stored: dict[str, str]) -> bool:
        if raw.source in self._seen:
            twice = UnreadableDocumentError("its source was met before in this ingest.", remedy="The first one counts.")
            self._decide(_rejected(raw.source, twice))
            return False
        self._seen.add(raw.source)
        if stored.get(raw.source) == raw.content_hash:
            self._decide(DocumentOutcome(source=raw.source, outcome=Outcome.UNCHANGED))
            return False
        return True

    def _prepare(self, documents: Sequence[RawDocument]) -> list[tuple[RawDocument, list[Passage] | DocumentError]]:
        prepared: list[tuple[RawDocument, list[Passage] | DocumentError]] = []
        for raw in documents:
            try:
                prepared.append((raw, split(convert(raw), self._embedder)))
            except DocumentError as error:
                prepared.append((raw, error))
        return prepared

    async def _embed(self, source: str, cut: list[Passage] | DocumentError, *, is_known: bool) -> None:
        if isinstance(cut, DocumentError):
            self._decide(_rejected(source, cut))
            return
        for begin in range(0, len(cut), self._settings.embed_passages):
            part = cut[begin : begin + self._settings.embed_passages]
            vectors = await self._embedder.embed_passages([passage.content for passage in part])
            self._passages += [EmbeddedPassage(passage=p, vector=v) for p, v in zip(part, vectors, strict=True)]
            self._embedded += len(part)
            self._tell(source)
        if not cut:
            outcome = DocumentOutcome(source=source, outcome=Outcome.EMPTY, reason=_NO_WORDS)
        else:
            kind = Outcome.REPLACED if is_known else Outcome.ADDED
            outcome = DocumentOutcome(source=source, outcome=kind, passages=len(cut))
        if not cut and not is_known:
            self._decide(outcome)
            return
        self._waiting.append(outcome)
        due = len(self._passages) >= self._settings.commit_passages
        if due or len(self._waiting) >= self._settings.commit_documents:
            await self._commit()

    async def _commit(self) -> None:
        if self._waiting:
            await self._writer.replace(self._passages, sources=[one.source for one in self._waiting])
        for one in self._waiting:
            self._decide(one)
        self._waiting, self._passages = [], []

    async def prune(self, prefix: str) -> None:
        """Remove what is stored below a prefix and was not met."""
        stored = await self._writer.content_hashes()
        await self.remove([s for s in stored if s.startswith(prefix) and s not in self._seen])

    async def remove(self, sources: Collection[str]) -> None:
        """Remove documents by their sources."""
        stored = await self._writer.content_hashes()
        known = [source for source in dict.fromkeys(sources) if source in stored]
        if known:
            await self._writer.remove(known)
        for source in dict.fromkeys(sources):
            if source in stored:
                self._decide(DocumentOutcome(source=source, outcome=Outcome.REMOVED))
            else:
                missing = UnreadableDocumentError("the store has no such document.", remedy="List what it holds.")
                self._decide(_rejected(source, missing))

    def _decide(self, outcome: DocumentOutcome) -> None:
        self._outcomes.append(outcome)
        self._tell(outcome.source)

    def _tell(self, source: str) -> None:
        self._report(
            Progress(
                documents_done=len(self._outcomes),
                documents_total=self._total,
                passages_embedded=self._embedded,
                source=source,
            )
        )

    def finish(self, duration_s: float) -> IngestReport:
        """Return what was decided."""
        return IngestReport(
            outcomes=tuple(self._outcomes), passages_embedded=self._embedded, duration_s=round(duration_s, 3)
        )


def _rejected(source: str, error: DocumentError) -> DocumentOutcome:
    return DocumentOutcome(source=source, outcome=Outcome.REJECTED, reason=str(error))
