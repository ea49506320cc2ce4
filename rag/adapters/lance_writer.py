"""The one writer of a LanceDB store: each change is one commit."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from lancedb.db import DBConnection
from lancedb.table import Table

from rag.adapters.lance_failures import failures
from rag.adapters.lance_indexes import ensure_indexes, index_new_rows, maintain
from rag.adapters.lance_rows import is_one_of, schema, to_rows
from rag.passage import EmbeddedPassage
from rag.protocols import EmbedderIdentity

# While an ingest runs the indexes are brought up to date at larger steps than at its end.
_ROWS_BETWEEN_MAINTENANCE = 4096

Result = TypeVar("Result")


class LanceWriter:
    """A PassageWriter; made by LanceStore, which holds the lock for it.

    Attributes:
        table: what it writes, at the version of its last commit.
    """

    def __init__(
        self, *, table: Table, location: str, thread: ThreadPoolExecutor, on_commit: Callable[[], None]
    ) -> None:
        self.table = table
        self._location = location
        self._thread = thread
        self._on_commit = on_commit
        self._hashes: dict[str, str] | None = None
        self._maintenance: Future[None] | None = None
        # Here and not where the table is created: a writer may have been killed between the two.
        ensure_indexes(table)

    @staticmethod
    def create_table(connection: DBConnection, name: str, embedder: EmbedderIdentity) -> Table:
        """Create an empty table, or a new empty version of one that exists."""
        mode = "overwrite" if name in connection.list_tables().tables else "create"
        return connection.create_table(name, schema=schema(embedder), mode=mode)

    async def content_hashes(self) -> Mapping[str, str]:
        """Return the content hash of every document, by source."""
        return dict(await self._run(self._known))

    async def replace(self, passages: Sequence[EmbeddedPassage], *, sources: Collection[str]) -> None:
        """Make these passages everything that the store holds of these sources, in one commit."""
        await self._run(lambda: self._replace(passages, sources))

    async def remove(self, sources: Collection[str]) -> int:
        """Remove whole documents in one commit; return how many passages went."""
        return await self._run(lambda: self._remove(sources))

    async def finish(self) -> None:
        """Bring the indexes up to date with everything that was committed."""
        await self._run(lambda: maintain(self.table))
        self._on_commit()

    async def _run(self, work: Callable[[], Result]) -> Result:
        def guarded() -> Result:
            with failures(self._location):
                return work()

        return await asyncio.get_running_loop().run_in_executor(self._thread, guarded)

    def _known(self) -> dict[str, str]:
        if self._hashes is None:
            rows = self.table.search().where("position = 0").select(["source", "content_hash"]).limit(None).to_arrow()
            self._hashes = dict(zip(rows["source"].to_pylist(), rows["content_hash"].to_pylist(), strict=True))
        return self._hashes

    def _replace(self, passages: Sequence[EmbeddedPassage], sources: Collection[str]) -> None:
        known = self._known()
        stale = [source for source in sources if source in known]
        if not passages:
            self._remove(stale)
            return
        rows = to_rows(passages, self.table.schema)
        if stale:
            # Update what keeps its place, insert what is new, delete what is left of the old ones: one commit.
            merge = self.table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
            merge.when_not_matched_by_source_delete(is_one_of("source", stale)).execute(rows)
        else:
            self.table.add(rows)
        for source in stale:
            known.pop(source)
        known.update({one.passage.source: one.passage.content_hash for one in passages})
        self._committed()

    def _remove(self, sources: Collection[str]) -> int:
        if not sources:
            return 0
        before = self.table.count_rows()
        self.table.delete(is_one_of("source", sources))
        for source in sources:
            self._known().pop(source, None)
        self._committed()
        return before - self.table.count_rows()

    def _committed(self) -> None:
        """Let readers see the commit, and have the indexes follow it while the next passages are embedded."""
        self._on_commit()
        if self._maintenance is None or self._maintenance.done():
            self._maintenance = self._thread.submit(
                index_new_rows, self.table, max_unindexed_rows=_ROWS_BETWEEN_MAINTENANCE
            )
