"""How passages lie in a LanceDB table: its schema, rows, and the conditions on them."""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from rag.document import Metadata
from rag.filters import Filters
from rag.passage import EmbeddedPassage, Hits, Passage
from rag.protocols import DocumentEntry, EmbedderIdentity

# Rows that are turned into Arrow at a time: other threads run between two.
_ROWS_AT_ONCE = 2048

EMBEDDER_KEY = b"rag.embedder"
# Everything about a passage but its id, which follows from the rest, and its vector. `content` is what is searched by
# word: the heading, a newline, the text; `text_start` is where the text begins in it, so that no word is stored twice.
PASSAGE_COLUMNS = (
    "source", "content_hash", "position", "passages", "title", "author", "category", "link", "date", "content",
    "text_start",
)  # fmt: skip


def schema(identity: EmbedderIdentity) -> pa.Schema:
    """Return the table's schema, which names the embedder that its vectors come from."""
    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False),
            pa.field("source", pa.string(), nullable=False),
            pa.field("content_hash", pa.string(), nullable=False),
            pa.field("position", pa.int32(), nullable=False),
            pa.field("passages", pa.int32(), nullable=False),
            pa.field("title", pa.string(), nullable=False),
            pa.field("author", pa.string(), nullable=False),
            pa.field("category", pa.string(), nullable=False),
            pa.field("link", pa.string(), nullable=False),
            pa.field("date", pa.date32()),
            pa.field("content", pa.string(), nullable=False),
            pa.field("text_start", pa.int32(), nullable=False),
            pa.field("ingested_at", pa.timestamp("us", "UTC"), nullable=False),
            pa.field("vector", pa.list_(pa.float32(), identity.dimensions), nullable=False),
        ],
        metadata={EMBEDDER_KEY: json.dumps(asdict(identity), sort_keys=True)},
    )


def stored_identity(table_schema: pa.Schema) -> str:
    """Return the embedder that a table names, in the form that `identity_text` gives."""
    return (table_schema.metadata or {}).get(EMBEDDER_KEY, b"").decode() or "unknown"


def identity_text(identity: EmbedderIdentity) -> str:
    """Return an embedder's identity as it is stored."""
    return json.dumps(asdict(identity), sort_keys=True)


def to_rows(passages: Sequence[EmbeddedPassage], table_schema: pa.Schema) -> pa.Table:
    """Return passages as rows."""
    now = datetime.now(UTC)
    parts = [
        _to_rows(passages[i : i + _ROWS_AT_ONCE], table_schema, now) for i in range(0, len(passages), _ROWS_AT_ONCE)
    ]
    return pa.concat_tables(parts)


def _to_rows(passages: Sequence[EmbeddedPassage], table_schema: pa.Schema, now: datetime) -> pa.Table:
    rows = [
        {
            "id": p.id,
            "source": p.source,
            "content_hash": p.content_hash,
            "position": p.position,
            "passages": p.passages,
            "title": p.metadata.title,
            "author": p.metadata.author,
            "category": p.metadata.category,
            "link": p.metadata.link,
            "date": p.metadata.date,
            "content": p.content,
            "text_start": len(p.content) - len(p.text),
            "ingested_at": now,
        }
        for p in (one.passage for one in passages)
    ]
    plain = pa.Table.from_pylist(rows, schema=pa.schema([f for f in table_schema if f.name != "vector"]))
    dimensions = table_schema.field("vector").type.list_size
    flat = np.concatenate([one.vector for one in passages]).astype(np.float32)
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(flat), dimensions)
    return plain.append_column(table_schema.field("vector"), vectors).cast(table_schema)


def near_hits(rows: pa.Table, *, snapshot: int) -> Hits:
    """Return rows of a search by vector as hits, in their order."""
    return _hits(rows, 1 - rows["_distance"].to_numpy(), snapshot)


def word_hits(rows: pa.Table, *, snapshot: int) -> Hits:
    """Return rows of a search by word as hits, in their order."""
    return _hits(rows, rows["_score"].to_numpy(), snapshot)


def _hits(rows: pa.Table, scores: NDArray[np.floating], snapshot: int) -> Hits:
    return Hits(keys=_keys(rows, snapshot), vectors=_vectors(rows), scores=scores.astype(np.float32))


def _keys(rows: pa.Table, snapshot: int) -> tuple[str, ...]:
    return tuple(f"{snapshot}:{row}" for row in rows["_rowid"].to_pylist())


def row_of(key: str) -> tuple[int, int]:
    """Return a key's snapshot and the number of the row in it."""
    snapshot, _, row = key.partition(":")
    return int(snapshot), int(row)


def to_documents(rows: pa.Table) -> list[DocumentEntry]:
    """Return first passages as their documents."""
    return [
        DocumentEntry(
            source=row["source"],
            content_hash=row["content_hash"],
            passages=row["passages"],
            metadata=_metadata(row),
            ingested_at=row["ingested_at"],
        )
        for row in rows.to_pylist()
    ]


def to_passages(rows: pa.Table, *, snapshot: int) -> dict[str, Passage]:
    """Return rows as passages by their keys."""
    return dict(zip(_keys(rows, snapshot), map(_to_passage, rows.to_pylist()), strict=True))


def _to_passage(row: dict[str, Any]) -> Passage:
    start = row["text_start"]
    return Passage(
        source=row["source"],
        content_hash=row["content_hash"],
        position=row["position"],
        passages=row["passages"],
        heading=row["content"][: max(start - 1, 0)],
        text=row["content"][start:],
        metadata=_metadata(row),
    )


def _metadata(row: dict[str, Any]) -> Metadata:
    return Metadata(**{name: row[name] for name in ("title", "author", "category", "link", "date")})


def _vectors(rows: pa.Table) -> NDArray[np.float32]:
    column = rows["vector"].combine_chunks()
    return np.asarray(column.flatten(), dtype=np.float32).reshape(len(rows), column.type.list_size)


def condition(filters: Filters) -> str:
    """Return filters as an SQL condition; an empty string where there are none."""
    parts = []
    if filters.author:
        parts.append(f"author = {quoted(filters.author)}")
    if filters.category:
        parts.append(f"category = {quoted(filters.category)}")
    if filters.date_from:
        parts.append(f"date >= DATE '{filters.date_from.isoformat()}'")
    if filters.date_to:
        parts.append(f"date <= DATE '{filters.date_to.isoformat()}'")
    return " AND ".join(parts)


def is_one_of(column: str, values: Collection[str]) -> str:
    """Return the SQL condition that a column has one of some values."""
    return f"{column} IN ({', '.join(quoted(value) for value in values)})"


def quoted(value: str) -> str:
    """Return a value as an SQL string literal: a quote within is doubled, and nothing else has a meaning."""
    return "'" + value.replace("'", "''") + "'"
