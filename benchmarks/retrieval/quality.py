"""How good retrieval is, on a test collection: each way by itself, their fusion by rank, and what rag does."""

import math
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.retrieval.collection import Collection
from rag.adapters.lance_store import LanceStore
from rag.adapters.model_files import packaged_minilm
from rag.adapters.onnx_embedder import OnnxEmbedder
from rag.document import Kind, Metadata, RawDocument
from rag.filters import Filters
from rag.fusion import fuse_ranks
from rag.ingest import Ingestor
from rag.passage import Hits
from rag.retrieval import Retriever

_DEPTH = 100

Search = Callable[[str], Awaitable[list[str]]]


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Means over the queries of a collection.

    Attributes:
        way: how was searched.
        ndcg_at_10: normalized discounted cumulative gain of the ten best documents, relevance 0 or 1.
        recall_at_20: share of a query's relevant documents among the twenty best.
    """

    way: str
    ndcg_at_10: float
    recall_at_20: float


async def measure_quality(collection: Collection) -> tuple[Collection, list[Quality]]:
    """Ingest a collection as a user would, and search it in every way."""
    embedder = OnnxEmbedder(packaged_minilm())
    with tempfile.TemporaryDirectory() as folder:
        store = LanceStore(Path(folder) / "store", embedder=embedder.identity)
        documents = [
            RawDocument(source=i, data=text.encode(), kind=Kind.MARKDOWN, metadata=Metadata(title=title))
            for i, (title, text) in collection.documents.items()
        ]
        await Ingestor(store=store, embedder=embedder).ingest(documents)
        found = [await _measure(way, search, collection) for way, search in _ways(store, embedder).items()]
        store.close()
    embedder.close()
    return collection, found


def _ways(store: LanceStore, embedder: OnnxEmbedder) -> dict[str, Search]:
    retriever = Retriever(store=store, embedder=embedder)

    async def sources(hits: Hits) -> list[str]:
        passages = await store.passages(hits.keys)
        return [passages[i].source for i in hits.keys]

    async def dense(query: str) -> list[str]:
        (vector,) = await embedder.embed_queries([query])
        return await sources(await store.search_dense(vector, limit=_DEPTH, filters=Filters()))

    async def lexical(query: str) -> list[str]:
        return await sources(await store.search_lexical(query, limit=_DEPTH, filters=Filters()))

    async def by_rank(query: str) -> list[str]:
        return list(fuse_ranks([await dense(query), await lexical(query)]))

    async def default(query: str) -> list[str]:
        return [r.passage.source for r in (await retriever.retrieve(query, k=40)).passages]

    return {"dense": dense, "BM25": lexical, "fusion by rank (RRF)": by_rank, "what rag does": default}


async def _measure(way: str, search: Search, collection: Collection) -> Quality:
    gains, recalls = [], []
    for number, query in collection.queries.items():
        ranking = list(dict.fromkeys(await search(query)))
        gains.append(ndcg(ranking, collection.relevant[number], depth=10))
        recalls.append(recall(ranking, collection.relevant[number], depth=20))
    return Quality(way=way, ndcg_at_10=_mean(gains), recall_at_20=_mean(recalls))


def ndcg(ranking: Sequence[str], relevant: set[str], *, depth: int) -> float:
    """Return the normalized discounted cumulative gain of a ranking."""
    gain = sum(1 / math.log2(place + 2) for place, key in enumerate(ranking[:depth]) if key in relevant)
    return gain / sum(1 / math.log2(place + 2) for place in range(min(depth, len(relevant))))


def recall(ranking: Sequence[str], relevant: set[str], *, depth: int) -> float:
    """Return the share of the relevant documents that a ranking has."""
    return len(set(ranking[:depth]) & relevant) / len(relevant)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def print_quality(measured: tuple[Collection, list[Quality]]) -> None:
    """Print a table; the last column compares with the better of the two single ways."""
    collection, found = measured
    best = [max(getattr(q, name) for q in found[:2]) for name in ("ndcg_at_10", "recall_at_20")]
    print(f"quality on {collection.name}: {len(collection.documents):,} documents, {len(collection.queries)} queries")
    print(f"{'':22} {'nDCG@10':>8} {'recall@20':>10}   against the best single one")
    for q in found:
        against = f"{q.ndcg_at_10 / best[0] - 1:+.1%}, {q.recall_at_20 / best[1] - 1:+.1%}"
        print(f"{q.way:22} {q.ndcg_at_10:8.4f} {q.recall_at_20:10.4f}   {against}")
