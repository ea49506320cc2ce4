import asyncio
import os
import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from rag.adapters.lance_indexes import MIN_VECTOR_INDEX_ROWS, index_new_rows
from rag.document import Metadata
from rag.errors import StoreCorruptError, StoreMissingError
from rag.filters import Facets, Filters
from rag.ingest import Ingestor
from rag.passage import EmbeddedPassage, Passage

pytestmark = pytest.mark.anyio


def passages(number, *, dimensions=64, text="alpha {}", seed=0):
    vectors = np.random.default_rng(seed).normal(size=(number, dimensions)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [
        EmbeddedPassage(
            passage=Passage(
                source=f"s{i}",
                content_hash="h",
                position=0,
                passages=1,
                heading="H",
                text=text.format(i),
                metadata=Metadata(author=f"a{i % 3}", date=date(2024, 1, 1 + i % 28)),
            ),
            vector=vector,
        )
        for i, vector in enumerate(vectors)
    ]


def index_names(writer):
    return [index.name for index in writer.table.list_indices()]


async def fill(store, rows):
    async with store.writer() as writer:
        await writer.replace(rows, sources=[row.passage.source for row in rows])


async def test_the_rest_client_of_a_server_that_nobody_runs_is_not_loaded():
    assert "lancedb" in sys.modules
    assert not [name for name in sys.modules if name.startswith("lance_namespace_urllib3_client.api.")]


async def test_a_passage_comes_back_as_it_went_in(open_store, words):
    store = open_store(words)
    rows = passages(3)
    await fill(store, rows)
    hits = await store.search_dense(rows[1].vector, limit=2, filters=Filters())
    assert (await store.passages(hits.keys))[hits.keys[0]] == rows[1].passage
    assert hits.scores[0] == pytest.approx(1.0, abs=1e-5)
    assert np.allclose(hits.vectors[0], rows[1].vector)


async def test_a_passage_is_read_from_the_version_that_it_was_found_in(open_store, words):
    store = open_store(words)
    await fill(store, passages(3, text="alpha {}"))
    found = await store.search_lexical("alpha", limit=3, filters=Filters())
    await fill(store, passages(2, text="beta {}"))
    async with store.writer() as writer:
        await writer.remove(["s2"])
    now = await store.search_lexical("alpha beta", limit=3, filters=Filters())
    assert sorted(one.text for one in (await store.passages(now.keys)).values()) == ["beta 0", "beta 1"]
    then = await store.passages([*found.keys, found.keys[0]])
    assert sorted(one.text for one in then.values()) == ["alpha 0", "alpha 1", "alpha 2"]


async def test_passages_of_a_version_long_past_are_left_out(open_store, words):
    store = open_store(words)
    await fill(store, passages(1))
    found = await store.search_lexical("alpha", limit=1, filters=Filters())
    for seed in range(6):
        await fill(store, passages(1, seed=seed, text=f"beta {seed}"))
        await store.size()
    assert await store.passages(found.keys) == {}
    assert await store.passages([]) == {}


async def test_a_store_that_was_removed_and_filled_again_gives_nothing_of_before(open_store, words):
    store = open_store(words)
    await fill(store, passages(3, text="alpha {}"))
    keys = (await store.search_lexical("alpha", limit=3, filters=Filters())).keys
    assert len(await store.passages(keys)) == 3
    shutil.rmtree(store.location)
    await fill(store, passages(2, text="alpha beta {}"))
    found = await store.search_lexical("alpha", limit=3, filters=Filters())
    assert sorted(one.text for one in (await store.passages(found.keys)).values()) == ["alpha beta 0", "alpha beta 1"]
    assert (await store.size()).passages == 2


async def test_a_passage_that_was_read_is_not_read_again(open_store, words):
    store = open_store(words)
    await fill(store, passages(3))
    keys = (await store.search_lexical("alpha", limit=3, filters=Filters())).keys
    first = await store.passages(keys[:2])
    again = await store.passages(keys)
    assert [again[key] is first.get(key) for key in keys] == [True, True, False]


async def test_an_older_store_is_given_the_indexes_that_it_lacks(open_store, words):
    store = open_store(words)
    async with store.writer() as writer:
        await writer.replace(passages(3), sources=["s0", "s1", "s2"])
        writer.table.drop_index("id_btree")
    async with open_store(words).writer() as writer:
        assert "id_btree" in index_names(writer)


async def test_words_are_found_in_any_form_and_in_the_heading(open_store, words):
    store = open_store(words)
    await fill(store, passages(1, text="The copies were scaling"))
    for query in ("scale copy", "SCALED", "h"):
        assert len(await store.search_lexical(query, limit=5, filters=Filters())) == 1
    for query in ("the", "", "zebra", '"', "a AND (", "\x00"):
        assert len(await store.search_lexical(query, limit=5, filters=Filters())) == 0


async def test_filters_hold_in_both_searches(open_store, words):
    store = open_store(words)
    rows = passages(60)
    await fill(store, rows)
    wanted = Filters(author="a1", date_from=date(2024, 1, 5), date_to=date(2024, 1, 9))
    searches = [
        await store.search_dense(rows[0].vector, limit=60, filters=wanted),
        await store.search_lexical("alpha", limit=60, filters=wanted),
    ]
    for hits in searches:
        found = (await store.passages(hits.keys)).values()
        assert len(found) == len(hits) > 0
        assert {passage.metadata.author for passage in found} == {"a1"}
        assert all(date(2024, 1, 5) <= passage.metadata.date <= date(2024, 1, 9) for passage in found)


async def test_facets_are_what_the_documents_have(open_store, words):
    store = open_store(words)
    await fill(store, passages(40))
    expected = Facets(authors=("a0", "a1", "a2"), date_first=date(2024, 1, 1), date_last=date(2024, 1, 28))
    assert await store.facets() == expected


async def test_a_store_that_was_never_written_is_missing_and_stays_so(open_store, words, tmp_path):
    store = open_store(words, location=tmp_path / "nowhere")
    with pytest.raises(StoreMissingError, match=r"does not exist\. Ingest something first"):
        await store.search_lexical("x", limit=1, filters=Filters())
    assert (await store.size()).passages == 0
    assert await store.documents(limit=5) == []
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("damage", ["data", "manifest", "no manifest"])
async def test_a_damaged_store_is_one_clear_error_and_a_rebuild_heals_it(open_store, words, tmp_path, damage, raw):
    await fill(open_store(words), passages(5))
    table = tmp_path / "store" / "passages.lance"
    for file in (table / ("data" if damage == "data" else "_versions")).iterdir():
        if damage == "manifest":
            file.write_bytes(b"garbage")
        else:
            file.unlink()
    store = open_store(words)
    with pytest.raises(StoreCorruptError, match="ingest again with a rebuild"):
        await store.search_dense(passages(1)[0].vector, limit=1, filters=Filters())
    with pytest.raises(StoreCorruptError):
        await Ingestor(store=store, embedder=words).ingest([raw("a", "alpha")])
    shutil.rmtree(table)
    await Ingestor(store=store, embedder=words).ingest([raw("a", "alpha")], rebuild=True)
    assert len(await store.search_lexical("alpha", limit=5, filters=Filters())) == 1


async def test_a_reader_sees_a_finished_version_while_a_writer_works(open_store, words):
    reader, writer_store = open_store(words), open_store(words)
    await fill(writer_store, passages(10))
    seen = set()
    done = asyncio.Event()

    async def read():
        while not done.is_set():
            seen.add((await reader.size()).passages)
            await reader.search_lexical("alpha", limit=5, filters=Filters())

    reading = asyncio.create_task(read())
    async with writer_store.writer() as writer:
        for seed in range(8):
            rows = passages(10 if seed % 2 else 500, seed=seed, text="beta {}")
            await writer.replace(rows, sources=[f"s{i}" for i in range(500)])
    done.set()
    await reading
    assert seen <= {10, 500}


async def test_a_reader_looks_for_a_newer_version_only_after_its_interval(open_store, words):
    writer, reader = open_store(words), open_store(words, refresh_s=60)
    await fill(writer, passages(3))
    assert (await reader.size()).passages == 3
    await fill(writer, passages(7))
    assert (await writer.size()).passages == 7
    assert (await reader.size()).passages == 3


async def test_an_index_of_vectors_appears_with_size_and_finds_what_a_scan_finds(open_store, words):
    store = open_store(words)
    rows = passages(MIN_VECTOR_INDEX_ROWS)
    queries = [row.vector for row in rows[:20]]
    async with store.writer() as writer:
        await writer.replace(rows, sources=[row.passage.source for row in rows])
        assert all("vector" not in name for name in index_names(writer))
    async with store.writer() as writer:
        assert any("vector" in name for name in index_names(writer))
    for query, row in zip(queries, rows, strict=False):
        hits = await store.search_dense(query, limit=5, filters=Filters())
        assert (await store.passages(hits.keys[:1])) == {hits.keys[0]: row.passage}


async def test_tidying_keeps_every_passage(open_store, words):
    store = open_store(words)
    for seed in range(6):
        rows = passages(50, seed=seed)
        async with store.writer() as writer:
            await writer.replace(rows, sources=[row.passage.source for row in rows])
            index_new_rows(writer.table, max_unindexed_rows=0)
    assert (await store.size()).passages == 50
    assert len(await store.search_lexical("alpha", limit=100, filters=Filters())) == 50


KILLED = """
import asyncio, sys
import numpy as np
from rag.adapters.lance_store import LanceStore
from rag.ingest import Ingestor, IngestSettings
from rag.document import RawDocument, Kind
from rag.protocols import EmbedderIdentity

class Embedder:
    identity = EmbedderIdentity(name="words", fingerprint="words", dimensions=64, window_tokens=64)
    def count_tokens(self, texts): return [len(t.split()) for t in texts]
    def token_starts(self, text): return [0]
    async def embed_passages(self, texts):
        return np.full((len(texts), 64), 0.125, np.float32)

async def main():
    store = LanceStore(sys.argv[1], embedder=Embedder.identity)
    documents = (RawDocument(source=f"d{i}", data=f"alpha {i}".encode(), kind=Kind.TEXT) for i in range(100_000))
    committed = []
    def report(progress):
        if progress.documents_done and progress.documents_done % 20 == 0:
            print(progress.documents_done, flush=True)
    settings = IngestSettings(commit_documents=20, read_documents=20)
    await Ingestor(store=store, embedder=Embedder(), settings=settings).ingest(documents, report=report)

asyncio.run(main())
"""


def start_ingest(folder):
    return subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )


async def test_an_ingest_that_is_killed_loses_no_committed_document_and_frees_the_store(
    open_store, words, tmp_path, raw
):
    process = start_ingest(tmp_path / "store")
    try:
        acknowledged = 0
        while acknowledged < 200:
            acknowledged = int(process.stdout.readline())
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    store = open_store(words)
    held = {entry.source for entry in await store.documents(limit=100_000)}
    assert {f"d{i}" for i in range(acknowledged)} <= held
    report = await Ingestor(store=store, embedder=words).ingest([raw(f"n{i}", f"beta {i}") for i in range(3)])
    assert len(report.outcomes) == 3
    assert (await store.size()).documents == len(held) + 3
