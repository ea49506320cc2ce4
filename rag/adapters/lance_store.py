"""Passages in LanceDB: a folder, or `s3://bucket/prefix`, by the same code.

Readers work on a finished version of the table and look for a newer one at most once in a while; the one writer commits
new versions beside it. Searches run on a bounded pool of threads, so that the event loop stays free.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeVar

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.db import DBConnection
from lancedb.query import MatchQuery
from lancedb.table import AsyncTable
from numpy.typing import NDArray

from rag.adapters.lance_failures import failures, without_version
from rag.adapters.lance_rows import (
    PASSAGE_COLUMNS,
    condition,
    near_hits,
    row_of,
    to_documents,
    to_passages,
    word_hits,
)
from rag.adapters.lance_snapshots import TABLE, Snapshot, Snapshots, check_embedder
from rag.adapters.lance_writer import LanceWriter
from rag.adapters.passage_cache import PassageCache
from rag.adapters.writer_lock import folder_lock, lease
from rag.errors import StoreMissingError
from rag.filters import Facets, Filters
from rag.passage import Hits, Passage
from rag.protocols import DocumentEntry, EmbedderIdentity, StoreSize

_READS_AT_ONCE = 8
# Of about sqrt(rows) partitions this many are read: at 100,000 passages 99% of the true 20 nearest are among them.
_PROBES = 30
# Passages are some hundred words: ten megabytes or so.
_PASSAGES_KEPT = 4096
# A pasted page as a question would cost one look-up per word; the first ones say enough.
_MAX_QUERY_WORDS = 512

Result = TypeVar("Result")


class LanceStore:
    """A PassageStore in LanceDB."""

    def __init__(
        self,
        location: str | Path,
        *,
        embedder: EmbedderIdentity,
        storage_options: Mapping[str, str] | None = None,
        refresh_s: float = 1.0,
        reads_at_once: int = _READS_AT_ONCE,
    ) -> None:
        """Name a store; nothing is opened or created yet.

        Args:
            location: a folder, or a URI that LanceDB knows.
            embedder: whose vectors are searched for and stored.
            storage_options: how an object store is reached (storage_options.py).
            refresh_s: readers look for a newer version when theirs is older than this.
            reads_at_once: searches at once; more wait.
        """
        self.location = str(location)
        self._embedder = embedder
        self._storage_options = dict(storage_options or {})
        self._snapshots = Snapshots(
            self.location, embedder=embedder, storage_options=self._storage_options, refresh_s=refresh_s
        )
        self._rows = ThreadPoolExecutor(max_workers=2, thread_name_prefix="store-rows")
        self._reads = asyncio.Semaphore(reads_at_once)
        self._passages = PassageCache(capacity=_PASSAGES_KEPT)
        self._facets: tuple[int, Facets] | None = None
        self._size: tuple[int, StoreSize] | None = None

    async def search_dense(self, vector: NDArray[np.float32], *, limit: int, filters: Filters) -> Hits:
        """Return the passages nearest to a vector, best first, scored by cosine similarity."""

        async def run(snapshot: Snapshot) -> Hits:
            query = snapshot.table.vector_search(vector).column("vector").distance_type("cosine").nprobes(_PROBES)
            if where := condition(filters):
                query = query.where(where)
            rows = await query.with_row_id().select(["vector", "_distance"]).limit(limit).to_arrow()
            return await self._convert(lambda: near_hits(rows, snapshot=snapshot.number))

        return await self._read(run)

    async def search_lexical(self, query: str, *, limit: int, filters: Filters) -> Hits:
        """Return the passages that share words with a query, best first, scored by BM25."""
        words = " ".join(query.split()[:_MAX_QUERY_WORDS])

        async def run(snapshot: Snapshot) -> Hits:
            match = MatchQuery(words, "content")  # type: ignore[call-arg]  # its other fields have defaults
            search = snapshot.table.query().nearest_to_text(match)
            if where := condition(filters):
                search = search.where(where)
            rows = await search.with_row_id().select(["vector", "_score"]).limit(limit).to_arrow()
            return await self._convert(lambda: word_hits(rows, snapshot=snapshot.number))

        return await self._read(run)

    async def passages(self, keys: Sequence[str]) -> dict[str, Passage]:
        """Return passages by the keys of a search not long ago; one that is no longer there is left out."""
        found = self._passages.find(keys)
        unread: dict[int, list[int]] = {}
        for key in keys:
            if key not in found:
                number, row = row_of(key)
                unread.setdefault(number, []).append(row)
        for number, rows in unread.items():
            read = await self._read_rows(number, rows)
            self._passages.keep(read)
            found |= read
        return found

    async def _read_rows(self, number: int, rows: Sequence[int]) -> dict[str, Passage]:
        snapshot = self._snapshots.find(number)
        if snapshot is None:
            return {}
        async with self._reads:
            with failures(self.location):
                taken = snapshot.table.take_row_ids(list(rows)).with_row_id().select(list(PASSAGE_COLUMNS))
                read = await taken.to_arrow()
                return await self._convert(lambda: to_passages(read, snapshot=number))

    async def facets(self) -> Facets:
        """Return the values that filters can have; kept until the table changes."""

        async def run(snapshot: Snapshot) -> Facets:
            if self._facets is None or self._facets[0] != snapshot.number:
                rows = await _first_passages(snapshot.table, ["author", "category", "date"])
                self._facets = snapshot.number, await self._convert(lambda: _facets(rows))
            return self._facets[1]

        return await self._read(run)

    async def documents(self, *, limit: int, offset: int = 0, filters: Filters | None = None) -> list[DocumentEntry]:
        """Return documents in the order of their sources; none for a store that does not exist yet."""

        async def run(snapshot: Snapshot) -> pa.Table:
            return await _first_passages(
                snapshot.table, [*PASSAGE_COLUMNS, "ingested_at"], condition(filters or Filters())
            )

        try:
            rows = await self._read(run)
        except StoreMissingError:
            return []
        return await self._convert(lambda: to_documents(rows.sort_by("source").slice(offset, limit)))

    async def size(self) -> StoreSize:
        """Return how much the store holds, kept until the table changes; nothing where it does not exist yet."""

        async def run(snapshot: Snapshot) -> StoreSize:
            if self._size is None or self._size[0] != snapshot.number:
                table = snapshot.table
                documents, passages = await asyncio.gather(table.count_rows("position = 0"), table.count_rows())
                self._size = snapshot.number, StoreSize(documents=documents, passages=passages)
            return self._size[1]

        try:
            return await self._read(run)
        except StoreMissingError:
            return StoreSize(documents=0, passages=0)

    @asynccontextmanager
    async def writer(self, *, rebuild: bool = False) -> AsyncIterator[LanceWriter]:
        """Become the one writer; the indexes are brought up to date at the end.

        Raises:
            StoreLockedError: another writer is at work.
            EmbedderChangedError: its vectors come from another embedder, and this is no rebuild.
        """
        loop = asyncio.get_running_loop()
        # One thread: what a writer does, maintenance among it, happens one after the other.
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="store-write") as thread:
            lock = await loop.run_in_executor(thread, self._lock)
            try:
                writer = await loop.run_in_executor(thread, self._open_writer, thread, rebuild)
                yield writer
                await writer.finish()
            finally:
                await loop.run_in_executor(thread, lock.__exit__, None, None, None)

    def close(self) -> None:
        """End the threads."""
        self._rows.shutdown(cancel_futures=True)

    async def _read(self, run: Callable[[Snapshot], Awaitable[Result]]) -> Result:
        async with self._reads:
            with failures(self.location):
                snapshot = await self._snapshots.newest()
                try:
                    return await run(snapshot)
                except RuntimeError:
                    # The version may have been tidied away by a writer elsewhere: look for the newest once.
                    return await run(await self._snapshots.newest(anew=True))

    async def _convert(self, work: Callable[[], Result]) -> Result:
        """Turn rows into objects beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._rows, work)

    def _connect(self) -> DBConnection:
        return lancedb.connect(self.location, storage_options=self._storage_options or None)

    def _is_remote(self) -> bool:
        return "://" in self.location

    def _lock(self) -> AbstractContextManager[None]:
        with failures(self.location):
            lock = lease(self._connect(), self.location) if self._is_remote() else folder_lock(Path(self.location))
            lock.__enter__()
            return lock

    def _open_writer(self, thread: ThreadPoolExecutor, rebuild: bool) -> LanceWriter:
        with failures(self.location):
            connection = self._connect()
            if rebuild or TABLE not in connection.list_tables().tables:
                table = LanceWriter.create_table(connection, TABLE, self._embedder)
            else:
                try:
                    table = connection.open_table(TABLE)
                except ValueError as error:
                    raise without_version(self.location) from error
                check_embedder(table.schema, self._embedder, location=self.location)
            return LanceWriter(table=table, location=self.location, thread=thread, on_commit=self._snapshots.look_again)


async def _first_passages(table: AsyncTable, columns: list[str], where: str = "") -> pa.Table:
    """Return one row per document."""
    first = "position = 0"
    return await table.query().where(f"{first} AND {where}" if where else first).select(columns).to_arrow()


def _facets(rows: pa.Table) -> Facets:
    dates = [date for date in rows["date"].to_pylist() if date]
    return Facets(
        authors=tuple(sorted({value for value in rows["author"].unique().to_pylist() if value})),
        categories=tuple(sorted({value for value in rows["category"].unique().to_pylist() if value})),
        date_first=min(dates, default=None),
        date_last=max(dates, default=None),
    )
