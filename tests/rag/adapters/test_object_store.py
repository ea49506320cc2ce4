"""The same store on S3's own API, answered by moto on this machine."""

import asyncio

import pytest

from rag.adapters.lance_store import LanceStore
from rag.adapters.storage_options import storage_options
from rag.adapters.writer_lock import lease
from rag.errors import StoreLockedError, StoreMissingError, StoreUnavailableError
from rag.filters import Filters
from rag.ingest import Ingestor
from rag.outcome import Outcome

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def endpoint():
    moto_server = pytest.importorskip("moto.server")
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket_variables(endpoint, monkeypatch):
    boto3 = pytest.importorskip("boto3")
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        # What was asked for is used, whatever the process's own variables say.
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    s3.create_bucket(Bucket="knowledge")
    s3.close()
    return {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1"}


@pytest.fixture
def open_remote(bucket_variables, words, request):
    opened = []

    def open_(prefix=request.node.name, options=None):
        chosen = storage_options(bucket_variables) if options is None else options
        opened.append(
            LanceStore(f"s3://knowledge/{prefix}", embedder=words.identity, storage_options=chosen, refresh_s=0)
        )
        return opened[-1]

    yield open_
    for store in opened:
        store.close()


def test_aws_own_variables_say_where_the_store_is():
    assert storage_options({}) == {}
    assert storage_options({"AWS_DEFAULT_REGION": "eu-west-1"}) == {"aws_region": "eu-west-1"}
    chosen = storage_options({"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_ENDPOINT_URL_S3": "https://s3.test"})
    assert chosen == {"aws_endpoint": "https://s3.test"}
    assert storage_options({"AWS_ENDPOINT_URL": "http://localhost:1"})["allow_http"] == "true"


async def test_the_same_ingest_and_search_run_on_an_object_store(open_remote, words, raw):
    store = open_remote()
    with pytest.raises(StoreMissingError):
        await store.search_lexical("alpha", limit=1, filters=Filters())
    ingestor = Ingestor(store=store, embedder=words)
    first = await ingestor.ingest([raw("a", "alpha"), raw("b", "beta")])
    second = await ingestor.ingest([raw("a", "alpha"), raw("b", "beta two")])
    assert first.counts() == {Outcome.ADDED: 2}
    assert second.counts() == {Outcome.UNCHANGED: 1, Outcome.REPLACED: 1}
    reader = open_remote()
    hits = await reader.search_lexical("two", limit=5, filters=Filters())
    assert [passage.text for passage in (await reader.passages(hits.keys)).values()] == ["beta two"]


async def test_a_second_writer_is_refused_and_the_next_one_is_not(open_remote, words, raw):
    store, other = open_remote(), open_remote()
    async with store.writer():
        with pytest.raises(StoreLockedError, match="is being written by process"):
            async with other.writer():
                pass
    await Ingestor(store=other, embedder=words).ingest([raw("a", "alpha")])
    assert (await store.size()).documents == 1


async def test_the_lease_of_a_writer_that_died_runs_out(open_remote):
    store = open_remote()
    connection = store._connect()
    dead = lease(connection, store.location, lease_s=0.4)
    dead.__enter__()
    with pytest.raises(StoreLockedError), lease(connection, store.location):
        pass
    dead.gen.gi_frame.f_locals["released"].set()  # its renewals end, as they do when a process dies
    await asyncio.sleep(0.6)
    with lease(connection, store.location):
        pass
    dead.__exit__(None, None, None)


async def test_an_object_store_that_does_not_answer_is_unavailable_and_worth_a_retry(open_remote):
    options = {"endpoint": "http://127.0.0.1:9", "allow_http": "true", "region": "us-east-1", "client_max_retries": "0"}
    with pytest.raises(StoreUnavailableError) as raised:
        await open_remote(options=options).search_lexical("x", limit=1, filters=Filters())
    assert raised.value.retryable
