"""Finished versions of a table, as readers see them: each stays as it is while the one writer commits newer ones.

A row of a version is known by its number in it, which costs a search much less than a column would: so a key names
both, and passages are read from the version that they were found in. Versions are counted here as they are met: a store
that somebody removes and fills again counts its own from the beginning.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import lancedb
import pyarrow as pa
from lancedb.db import AsyncConnection
from lancedb.table import AsyncTable

from rag.adapters.lance_failures import missing, without_version
from rag.adapters.lance_rows import identity_text, stored_identity
from rag.errors import EmbedderChangedError
from rag.protocols import EmbedderIdentity

TABLE = "passages"

# A question is answered from the version that it was begun with, or a few later ones.
_KEPT = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot:
    """One version of the table.

    Attributes:
        number: of this one among those that this process has met.
        version: the table's own number of it.
        table: at this version.
    """

    number: int
    version: int
    table: AsyncTable


class Snapshots:
    """The newest versions of one table, for one event loop.

    Args:
        location: a folder, or a URI that LanceDB knows.
        embedder: whose vectors the table must hold.
        storage_options: how an object store is reached.
        refresh_s: a newer version is looked for when the newest is older than this.
    """

    def __init__(
        self, location: str, *, embedder: EmbedderIdentity, storage_options: Mapping[str, str], refresh_s: float
    ) -> None:
        self._location = location
        self._embedder = embedder
        self._storage_options = dict(storage_options)
        self._refresh_s = refresh_s
        self._opening = asyncio.Lock()
        self._connection: AsyncConnection | None = None
        self._kept: dict[int, Snapshot] = {}
        self._met = 0
        self._looked_at_s: float | None = None

    async def newest(self, *, anew: bool = False) -> Snapshot:
        """Return a version that is not older than the refresh interval; with `anew`, the newest there is.

        Raises:
            StoreError: there is no table, it cannot be opened, or its vectors come from another embedder.
        """
        async with self._opening:
            now_s = time.monotonic()
            anew = anew or self._looked_at_s is None
            if anew or now_s - (self._looked_at_s or 0.0) >= self._refresh_s:
                # Set before looking: a commit while we look is for the next reader to see.
                self._looked_at_s = now_s
                try:
                    await self._look(anew=anew)
                except BaseException:
                    self._looked_at_s = None
                    raise
            return self._kept[self._met]

    def find(self, number: int) -> Snapshot | None:
        """Return a version that was the newest not long ago."""
        return self._kept.get(number)

    def look_again(self) -> None:
        """Let the next reader see what was just committed."""
        self._looked_at_s = None

    async def _look(self, *, anew: bool) -> None:
        table = await self._open()
        version = await table.version()
        newest = self._kept.get(self._met)
        if newest is not None and newest.version == version and not anew:
            return
        check_embedder(await table.schema(), self._embedder, location=self._location)
        self._met += 1
        self._kept[self._met] = Snapshot(number=self._met, version=version, table=table)
        self._kept.pop(self._met - _KEPT, None)

    async def _open(self) -> AsyncTable:
        if self._connection is None:
            # Connecting would create the folder: reading leaves no trace.
            if "://" not in self._location and not await asyncio.to_thread(Path(self._location).is_dir):
                raise missing(self._location)
            self._connection = await lancedb.connect_async(
                self._location, storage_options=self._storage_options or None
            )
        try:
            return await self._connection.open_table(TABLE)
        except ValueError as error:
            if TABLE in (await self._connection.list_tables()).tables:
                raise without_version(self._location) from error
            raise missing(self._location) from error


def check_embedder(schema: pa.Schema, embedder: EmbedderIdentity, *, location: str) -> None:
    """Refuse vectors that come from another embedder.

    Raises:
        EmbedderChangedError: they do.
    """
    stored, configured = stored_identity(schema), identity_text(embedder)
    if stored != configured:
        raise EmbedderChangedError(location=location, stored=stored, configured=configured)
