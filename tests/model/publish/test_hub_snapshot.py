import hashlib

import pytest

from model.errors import HubError, IncompleteModelError
from model.publish.hub_snapshot import Hub
from tests.model.publish.hub import COMMIT, running_hub
from tests.model.publish.weights import model


@pytest.fixture
def hub():
    with running_hub() as running:
        running.files = model(shards=2) | {"pytorch_model.bin": b"x", "README.md": b"x", "original/params.json": b"{}"}
        yield running


@pytest.fixture
def open_hub(hub, tmp_path):
    return lambda **settings: Hub(endpoint=hub.url, cache_dir=tmp_path / "cache", **settings)


def test_a_branch_stands_for_its_commit_and_only_what_an_engine_reads_is_taken(hub, open_hub):
    found = open_hub().describe("me/mine", revision=None)
    assert found.revision == COMMIT
    assert set(found.files) == set(model(shards=2))
    shard = "model-00001-of-00002.safetensors"
    assert found.files[shard].sha256 == hashlib.sha256(hub.files[shard]).hexdigest()


def test_a_download_is_counted_and_a_second_takes_it_from_the_cache(hub, open_hub):
    one = open_hub()
    snapshot = one.describe("me/mine", revision=COMMIT)
    for _ in range(2):
        counted = []
        files = one.download(snapshot, done=counted.append)
        assert {name: file.read_bytes() for name, file in files.items()} == {name: hub.files[name] for name in files}
        assert sum(counted) == snapshot.size_bytes
    fetched = [path for method, path, *_ in hub.requests if method == "GET" and path.startswith("/cdn/model-")]
    assert len(fetched) == 2


def test_a_connection_that_breaks_in_the_middle_is_taken_up_where_it_broke(hub, open_hub):
    name = "model.safetensors"
    # The library writes what it gets in pieces of ten of these.
    mib = 2**20
    hub.files = model(data_bytes=12 * mib)
    hub.break_at[name] = 11 * mib
    one = open_hub()
    files = one.download(one.describe("me/mine", revision=None), done=lambda _: None)
    assert files[name].read_bytes() == hub.files[name]
    assert [ranged for method, path, _, ranged in hub.requests if method == "GET" and path == f"/cdn/{name}"] == [
        None,
        f"bytes={10 * mib}-",
    ]


def test_a_token_goes_to_the_hub_and_not_to_where_it_sends_for_large_files(hub, open_hub):
    hub.tokens.add("hf_secret")
    one = open_hub(token="hf_secret")  # noqa: S106 - of no account
    one.download(one.describe("me/gated", revision=None), done=lambda _: None)
    asked = {(path.startswith("/cdn/"), token) for _, path, token, _ in hub.requests}
    assert asked == {(False, "Bearer hf_secret"), (True, None)}


@pytest.mark.parametrize(
    ("model_id", "revision", "token", "message"),
    [
        ("me/gated", None, None, "does not give 'me/gated' to this login: it is gated.*hf auth login"),
        ("me/gated", None, "hf_other", "does not give 'me/gated' to this login: it is gated"),
        ("me/none", None, None, "has no model 'me/none' for this login"),
        ("me/mine", "v9", None, "has 'me/mine', but not the revision 'v9'"),
        ("me mine", None, None, "'me mine' is no id of the hub"),
    ],
)
def test_a_refusal_says_what_to_do_and_never_the_token(open_hub, model_id, revision, token, message):
    with pytest.raises(HubError, match=message) as refused:
        open_hub(token=token).describe(model_id, revision=revision)
    assert not refused.value.retryable
    assert "hf_other" not in str(refused.value)


def test_a_hub_that_is_not_reached_may_be_tried_again(tmp_path):
    with pytest.raises(HubError, match="was not reached") as refused:
        Hub(endpoint="http://127.0.0.1:9", cache_dir=tmp_path).describe("me/mine", revision=None)
    assert refused.value.retryable


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("config.json", "no config.json"),
        ("model-00002-of-00002.safetensors", "names model-00002-of-00002.safetensors, which is not there"),
    ],
)
def test_what_the_hub_has_only_half_of_is_refused_before_a_download(hub, open_hub, missing, message):
    del hub.files[missing]
    with pytest.raises(IncompleteModelError, match=message):
        open_hub().describe("me/mine", revision=None)
    assert not [path for _, path, *_ in hub.requests if path.startswith("/cdn/model")]
