import asyncio
import time

import numpy as np
import pytest

from rag.conversion import convert
from rag.document import Kind, Metadata, RawDocument
from rag.errors import EmbedderChangedError, StoreLockedError, UnreadableDocumentError
from rag.filters import Filters
from rag.ingest import Ingestor, IngestSettings
from rag.outcome import Outcome
from rag.passage import EmbeddedPassage
from rag.reading import Rejected
from rag.splitting import split

pytestmark = pytest.mark.anyio


@pytest.fixture
def store(open_store, words):
    return open_store(words)


@pytest.fixture
def ingestor(store, words):
    return Ingestor(store=store, embedder=words)


async def texts(store, query="alpha beta gamma delta"):
    return sorted(passage.text for passage in await found(store, query))


async def found(store, query, **filters):
    hits = await store.search_lexical(query, limit=100, filters=Filters(**filters))
    passages = await store.passages(hits.keys)
    return [passages[key] for key in hits.keys]


async def test_a_second_ingest_of_the_same_documents_embeds_nothing(ingestor, words, raw):
    documents = [raw("a", "alpha"), raw("b", "beta", author="Ann")]
    first = await ingestor.ingest(documents)
    embedded = len(words.embedded)
    second = await ingestor.ingest(documents)
    assert first.counts() == {Outcome.ADDED: 2}
    assert second.counts() == {Outcome.UNCHANGED: 2}
    assert (second.passages_embedded, len(words.embedded)) == (0, embedded)


async def test_a_changed_document_replaces_its_passages_and_leaves_the_others(ingestor, store, raw):
    await ingestor.ingest([raw("a", "alpha " * 150), raw("b", "beta")])
    report = await ingestor.ingest([raw("a", "gamma"), raw("b", "beta")])
    assert report.counts() == {Outcome.REPLACED: 1, Outcome.UNCHANGED: 1}
    assert await texts(store) == ["beta", "gamma"]
    assert [d.passages for d in await store.documents(limit=9)] == [1, 1]


async def test_changed_metadata_is_a_change(ingestor, store, raw):
    await ingestor.ingest([raw("a", "alpha", author="Ann")])
    report = await ingestor.ingest([raw("a", "alpha", author="Bob")])
    assert report.counts() == {Outcome.REPLACED: 1}
    assert (await store.facets()).authors == ("Bob",)


async def test_a_replacement_is_one_commit(ingestor, store, raw):
    await ingestor.ingest([raw("a", "alpha " * 150)])
    async with store.writer() as writer:
        before = writer.table.version
        document = raw("a", "beta " * 300)
        passages = await embedded(document, ingestor)
        await writer.replace(passages, sources=["a"])
        assert writer.table.version == before + 1


async def embedded(document, ingestor):
    embedder = ingestor._embedder
    passages = split(convert(document), embedder)
    vectors = await embedder.embed_passages([p.content for p in passages])
    return [EmbeddedPassage(passage=p, vector=v) for p, v in zip(passages, vectors, strict=True)]


async def test_documents_that_are_gone_are_removed_only_on_request(ingestor, store, raw):
    await ingestor.ingest([raw("docs/a", "alpha"), raw("docs/b", "beta"), raw("other", "gamma")])
    await ingestor.ingest([raw("docs/a", "alpha")])
    assert await texts(store) == ["alpha", "beta", "gamma"]
    report = await ingestor.ingest([raw("docs/a", "alpha")], prune_under="docs/")
    assert report.counts() == {Outcome.UNCHANGED: 1, Outcome.REMOVED: 1}
    assert await texts(store) == ["alpha", "gamma"]


async def test_a_document_that_cannot_be_read_today_keeps_its_passages(ingestor, store, raw):
    await ingestor.ingest([raw("a", "alpha")])
    error = UnreadableDocumentError("it cannot be read.", remedy="")
    report = await ingestor.ingest([Rejected(source="a", error=error)], prune_under="")
    assert report.counts() == {Outcome.REJECTED: 1}
    assert await texts(store) == ["alpha"]


async def test_removing_names_what_was_not_there(ingestor, store, raw):
    await ingestor.ingest([raw("a", "alpha"), raw("it's", "beta")])
    report = await ingestor.remove(["it's", "nothing"])
    assert [(o.source, o.outcome) for o in report.outcomes] == [
        ("it's", Outcome.REMOVED),
        ("nothing", Outcome.REJECTED),
    ]
    assert await texts(store) == ["alpha"]


async def test_every_document_gets_a_clear_outcome(ingestor, raw):
    report = await ingestor.ingest(
        [
            raw("good", "alpha"),
            raw("empty", " \n"),
            RawDocument(source="binary.txt", data=b"\x89PNG\r\n\x1a\n\x00\x01", kind=Kind.TEXT),
            RawDocument(source="broken.pdf", data=b"%PDF-1.4 nothing", kind=Kind.PDF),
            raw("good", "again"),
        ]
    )
    found = {(o.source, o.outcome): o.reason for o in report.outcomes}
    assert found["good", Outcome.ADDED] == ""
    assert found["empty", Outcome.EMPTY] == "there are no words in it"
    assert "binary data, not text" in found["binary.txt", Outcome.REJECTED]
    assert "cannot be read as pdf" in found["broken.pdf", Outcome.REJECTED]
    assert "met before in this ingest" in found["good", Outcome.REJECTED]


async def test_a_document_that_became_empty_loses_its_passages(ingestor, store, raw):
    await ingestor.ingest([raw("a", "alpha"), raw("b", "beta")])
    assert (await ingestor.ingest([raw("a", "")])).counts() == {Outcome.EMPTY: 1}
    assert await texts(store) == ["beta"]


async def test_sources_with_quotes_and_commands_are_only_names(ingestor, store, raw):
    names = ["it's", "'; DROP TABLE passages; --", 'a"b', "a\\'b", "\u96ea/\U0001f600", "a\nb", "%"]
    await ingestor.ingest([raw(name, f"alpha {i}", author=name) for i, name in enumerate(names)])
    report = await ingestor.ingest([raw(name, f"beta {i}", author=name) for i, name in enumerate(names)])
    assert report.counts() == {Outcome.REPLACED: len(names)}
    assert {d.source for d in await store.documents(limit=99)} == set(names)
    assert [passage.source for passage in await found(store, "beta", author="it's")] == ["it's"]


async def test_progress_is_told_as_it_is_made(ingestor, raw):
    told = []
    await ingestor.ingest([raw("a", "alpha " * 600), raw("b", "beta")], total=2, report=told.append)
    assert [p.documents_done for p in told] == sorted(p.documents_done for p in told)
    assert (told[-1].documents_done, told[-1].documents_total) == (2, 2)
    assert told[0].source == "a"


async def test_a_failing_ingest_keeps_what_it_committed_and_running_it_again_does_the_rest(store, words, raw):
    ingestor = Ingestor(store=store, embedder=words, settings=IngestSettings(commit_documents=1, read_documents=1))

    def documents():
        yield raw("a", "alpha")
        yield raw("b", "beta")
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        await ingestor.ingest(documents())
    report = await ingestor.ingest([raw("a", "alpha"), raw("b", "beta"), raw("c", "gamma")])
    assert report.counts() == {Outcome.UNCHANGED: 2, Outcome.ADDED: 1}


async def test_a_second_writer_is_told_who_writes_and_reading_goes_on(ingestor, store, open_store, words, raw):
    await ingestor.ingest([raw("a", "alpha")])
    async with store.writer():
        with pytest.raises(StoreLockedError, match=r"is being written by process \d+ on ") as raised:
            await Ingestor(store=open_store(words), embedder=words).ingest([raw("b", "beta")])
        assert raised.value.retryable
        assert await texts(store) == ["alpha"]
    await ingestor.ingest([raw("b", "beta")])


async def test_another_embedder_is_refused_until_the_store_is_rebuilt(ingestor, open_store, word_embedder, raw):
    await ingestor.ingest([raw("a", "alpha")])
    other = word_embedder(dimensions=32, name="other")
    store = open_store(other)
    with pytest.raises(EmbedderChangedError, match='"name": "words"'):
        await store.search_lexical("alpha", limit=1, filters=Filters())
    with pytest.raises(EmbedderChangedError):
        await Ingestor(store=store, embedder=other).ingest([raw("a", "alpha")])
    report = await Ingestor(store=store, embedder=other).ingest([raw("a", "alpha")], rebuild=True)
    assert report.counts() == {Outcome.ADDED: 1}
    assert await texts(store) == ["alpha"]
    with pytest.raises(EmbedderChangedError):
        await ingestor.ingest([raw("b", "beta")])


async def test_a_reader_of_an_old_embedder_notices_a_rebuild_by_another_process(
    ingestor, store, open_store, word_embedder, raw
):
    await ingestor.ingest([raw("a", "alpha")])
    assert await texts(store) == ["alpha"]
    other = word_embedder(dimensions=32, name="other")
    await Ingestor(store=open_store(other), embedder=other).ingest([raw("a", "alpha")], rebuild=True)
    with pytest.raises(EmbedderChangedError):
        await texts(store)


async def test_ten_thousand_small_files_are_taken_in(store, ingestor, raw):
    started = time.monotonic()
    report = await ingestor.ingest(raw(f"f{i}", f"file number {i} alpha") for i in range(10_000))
    assert report.counts() == {Outcome.ADDED: 10_000}
    assert (await store.size()).documents == 10_000
    assert [passage.source for passage in await found(store, "7777")] == ["f7777"]
    assert time.monotonic() - started < 60


@pytest.mark.slow
async def test_a_document_of_50_mb_is_taken_in_whole_and_the_loop_stays_free(open_store, word_embedder):
    chance = np.random.default_rng(0)

    class FastEmbedder(word_embedder):
        """What a vector says does not matter here: only how many there are."""

        def _embed(self, texts):
            rows = chance.normal(size=(len(texts), 64)).astype(np.float32)
            return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    embedder = FastEmbedder(window_tokens=254)
    vocabulary = np.array([f"w{i:04d}" for i in range(5000)])
    lines = chance.choice(vocabulary, size=(2_600, 64))
    text = "\n\n".join(f"part{part} {' '.join(line)}" for part in range(50) for line in lines)
    assert len(text) > 50_000_000
    turns = 0

    async def watch():
        nonlocal turns
        while True:
            await asyncio.sleep(0.005)
            turns += 1

    watching = asyncio.create_task(watch())
    big = RawDocument(source="big.txt", data=text.encode(), kind=Kind.TEXT, metadata=Metadata(title="Big"))
    store = open_store(embedder)
    report = await Ingestor(store=store, embedder=embedder).ingest([big])
    watching.cancel()
    (entry,) = await store.documents(limit=2)
    assert report.counts() == {Outcome.ADDED: 1}
    assert entry.passages == report.passages_embedded > 30_000
    assert turns > 50
