"""How long one search takes, from the question's text to the fused passages, in stores of several sizes.

Texts are made of English words whose frequencies follow Zipf's law, vectors lie around random centres: what an index
and a ranking cost depends on their number and spread, not on their meaning. The embedder and the store are the real
ones.
"""

import functools
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray
from tokenizers import Tokenizer

from rag.adapters.lance_store import LanceStore
from rag.adapters.model_files import packaged_minilm
from rag.adapters.onnx_embedder import OnnxEmbedder
from rag.document import Metadata
from rag.filters import Filters
from rag.passage import EmbeddedPassage, Passage
from rag.retrieval import Retriever
from rag.timing import Timings

SIZES = [1_000, 10_000, 100_000]

_VOCABULARY = 15_000
_COMMON_WORDS = 50
_MIN_CHARACTERS = 4
_WORDS_PER_PASSAGE = 120
_WORDS_PER_QUESTION = 10
_AUTHORS = 20
_CENTRES = 500
_SPREAD = 0.04
_ROWS_PER_COMMIT = 5_000
_WARM_UP = 20


async def measure_latency(passages: int, *, queries: int) -> dict[str, float]:
    """Return milliseconds and megabytes for a store of some size.

    Args:
        passages: size of the store.
        queries: searches per figure.
    """
    embedder = OnnxEmbedder(packaged_minilm())
    chance = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        store = LanceStore(Path(folder) / "store", embedder=embedder.identity)
        started = time.perf_counter()
        async with store.writer() as writer:
            for begin in range(0, passages, _ROWS_PER_COMMIT):
                rows = _rows(begin, min(begin + _ROWS_PER_COMMIT, passages), chance)
                await writer.replace(rows, sources=[row.passage.source for row in rows])
        found: dict[str, float] = {"passages": passages, "build_s": round(time.perf_counter() - started, 1)}
        retriever = Retriever(store=store, embedder=embedder)
        for name, filters in (("", Filters()), ("filtered_", Filters(author="author 3", category="post"))):
            found |= {
                f"{name}{key}": value for key, value in (await _search(retriever, filters, queries, chance)).items()
            }
        found["rss_mb"] = round(psutil.Process().memory_info().rss / 2**20)
        store.close()
    embedder.close()
    return found


async def _search(
    retriever: Retriever, filters: Filters, queries: int, chance: np.random.Generator
) -> dict[str, float]:
    spent: list[float] = []
    stages: list[dict[str, float]] = []
    for number in range(queries + _WARM_UP):
        question = " ".join(_words(chance, _WORDS_PER_QUESTION))
        timings = Timings()
        started = time.perf_counter()
        await retriever.retrieve(question, k=10, filters=filters, timings=timings)
        if number >= _WARM_UP:
            spent.append((time.perf_counter() - started) * 1000)
            stages.append(timings.as_ms())
    medians = {f"{stage}_p50_ms": _quantile([s[stage] for s in stages], 0.5) for stage in stages[0]}
    return {"p50_ms": _quantile(spent, 0.5), "p99_ms": _quantile(spent, 0.99), **medians}


def _quantile(values: Sequence[float], share: float) -> float:
    return round(float(np.quantile(values, share)), 1)


@functools.cache
def _vocabulary() -> NDArray[np.str_]:
    """Return words that the embedder's tokenizer knows as a whole: a question has as many tokens as a person's."""
    known = Tokenizer.from_file(str(packaged_minilm().tokenizer)).get_vocab()
    words = sorted(word for word in known if word.isascii() and word.isalpha() and len(word) >= _MIN_CHARACTERS)
    return np.random.default_rng(3).permutation(np.array(words))[:_VOCABULARY]


def _words(chance: np.random.Generator, *shape: int) -> NDArray[np.str_]:
    """Return words as often as they are in texts without the words that say nothing (Zipf-Mandelbrot)."""
    vocabulary = _vocabulary()
    shares = 1 / (np.arange(len(vocabulary)) + _COMMON_WORDS)
    return vocabulary[chance.choice(len(vocabulary), size=shape, p=shares / shares.sum())]


def _rows(begin: int, end: int, chance: np.random.Generator) -> list[EmbeddedPassage]:
    vectors = _vectors(end - begin, chance)
    words = _words(chance, end - begin, _WORDS_PER_PASSAGE)
    return [
        EmbeddedPassage(
            passage=Passage(
                source=f"document {number}",
                content_hash="-",
                position=0,
                passages=1,
                heading=f"Title {number}",
                text=" ".join(words[number - begin]),
                metadata=Metadata(
                    author=f"author {number % _AUTHORS}", category=("post", "article", "repository")[number % 3]
                ),
            ),
            vector=vectors[number - begin],
        )
        for number in range(begin, end)
    ]


def _vectors(number: int, chance: np.random.Generator) -> NDArray[np.float32]:
    centres = np.random.default_rng(11).normal(size=(_CENTRES, 384)).astype(np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    rows = centres[chance.integers(0, _CENTRES, number)] + _SPREAD * chance.normal(size=(number, 384))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def print_latency(rows: Sequence[dict[str, float]]) -> None:
    """Print a table."""
    print("latency of embed + search + fuse, one question at a time, milliseconds")
    heads = ("passages", "p50", "p99", "filtered p50", "p99", "embed, search, fuse", "RSS MB")
    widths = (9, 7, 7, 13, 7, 20, 7)
    print(" ".join(head.rjust(width) for head, width in zip(heads, widths, strict=True)))
    for row in rows:
        stages = ", ".join(f"{row[f'{stage}_p50_ms']:g}" for stage in ("embed", "search", "fuse"))
        cells = (
            f"{row['passages']:,}",
            *(str(row[name]) for name in ("p50_ms", "p99_ms", "filtered_p50_ms", "filtered_p99_ms")),
            stages,
            str(row["rss_mb"]),
        )
        print(" ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True)))
