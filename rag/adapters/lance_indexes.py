"""The indexes that a table's size deserves, and the tidying of its files.

Below some thousands of passages a plain scan of the vectors is faster than any index and exact. Words always need an
index: scanning text for BM25 costs some 70 microseconds a passage. All of it runs on the writer's thread, and readers
keep the version that they have until the next one is finished.
"""

import math
from datetime import timedelta

from lancedb.index import FTS, Bitmap, BTree, IvfFlat
from lancedb.table import Table

# A scan of 8,192 vectors of 384 dimensions takes about as long as a search in an index.
MIN_VECTOR_INDEX_ROWS = 8192
# Rows outside the indexes are scanned at each search: about 20 ms of text at this number.
MAX_UNINDEXED_ROWS = 256
# A vector index is trained anew when the table has grown this much, or its later rows lie in more segments than this.
_MAX_GROWTH = 2
_MAX_SEGMENTS = 3
# Readers that look at an older version have this long to finish.
KEEP_VERSIONS = timedelta(minutes=10)

_VECTOR_INDEX = "vector_ivf_"
_TEXT_INDEX = "content_fts"


def ensure_indexes(table: Table) -> None:
    """Give a table its indexes on words and on the columns that filters name, where it lacks them."""
    wanted: dict[str, tuple[str, FTS | Bitmap | BTree]] = {
        _TEXT_INDEX: ("content", FTS(stem=True, remove_stop_words=True, ascii_folding=True)),
        "author_bitmap": ("author", Bitmap()),
        "category_bitmap": ("category", Bitmap()),
        "source_btree": ("source", BTree()),
        "id_btree": ("id", BTree()),
    }
    there = {index.name for index in table.list_indices()}
    for name, (column, config) in wanted.items():
        if name not in there:
            table.create_index(column, config=config, name=name)


def index_new_rows(table: Table, *, max_unindexed_rows: int = MAX_UNINDEXED_ROWS) -> None:
    """Take new rows into the indexes that there are, join small files and drop old versions.

    Args:
        table: at its latest version, held by its one writer.
        max_unindexed_rows: nothing is done up to this many rows outside the indexes.
    """
    stats = table.index_stats(_TEXT_INDEX)
    if stats is not None and stats.num_unindexed_rows > max_unindexed_rows:
        table.optimize(cleanup_older_than=KEEP_VERSIONS)


def maintain(table: Table) -> None:
    """Bring the indexes up to the table's size when a writer has finished.

    The vector index is trained anew when the table has outgrown its partitions, or when the rows that came later lie in
    too many segments of their own: each of them is searched.
    """
    index_new_rows(table)
    rows = table.count_rows()
    if rows < MIN_VECTOR_INDEX_ROWS:
        return
    wanted = round(math.sqrt(rows))
    name, partitions = _vector_index(table)
    stats = table.index_stats(name) if name else None
    is_fit = wanted**2 <= _MAX_GROWTH * partitions**2
    if stats is not None and is_fit and (stats.num_indices or 1) <= _MAX_SEGMENTS:
        return
    # Partitions of about the square root of the rows: a search reads as many centroids as vectors per partition.
    config = IvfFlat(distance_type="cosine", num_partitions=wanted)
    table.create_index("vector", config=config, name=f"{_VECTOR_INDEX}{wanted}", replace=True)
    if name and name != f"{_VECTOR_INDEX}{wanted}":
        table.drop_index(name)


def _vector_index(table: Table) -> tuple[str, int]:
    """Return the vector index's name and number of partitions, which its name carries; ("", 0) where there is none."""
    for index in table.list_indices():
        if index.name.startswith(_VECTOR_INDEX):
            return index.name, int(index.name.removeprefix(_VECTOR_INDEX))
    return "", 0
