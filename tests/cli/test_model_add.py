import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from model.added import FILE_NAME, read_added

COMMIT = "d" * 40
# The shape of TwinLlama, as its config.json gives it.
CONFIG = {
    "model_type": "llama",
    "num_hidden_layers": 32,
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "torch_dtype": "bfloat16",
    "tie_word_embeddings": False,
}


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(CONFIG))
    return file


@pytest.fixture
def hub(checkout, monkeypatch):
    """A hub that has `me/mine`: files in a folder, over HTTP."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    folder = checkout / "hub"
    for path, content in (
        ("api/models/me/mine", {"sha": COMMIT, "gated": "manual"}),
        (f"me/mine/raw/{COMMIT}/config.json", CONFIG),
    ):
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_text(json.dumps(content))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}/")
        yield
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("hub")
def test_a_model_of_the_hub_is_added_pinned_and_can_be_planned(twin, checkout):
    ended = twin("model", "add", "me/mine")
    assert ended.code == 0
    assert f"me/mine @ {COMMIT}: 8.03 x 10^9 parameters, in models.json" in ended.err
    spec = read_added(checkout / FILE_NAME)["me/mine"]
    assert (spec.revision, spec.gated, spec.layers, spec.parameters) == (COMMIT, True, 32, 8_030_261_248)
    planned = twin("plan", "--model", "me/mine", "-c", "s3_uri=s3://bucket/mine/")
    assert planned.code == 0
    assert "me/mine" in planned.out


@pytest.mark.usefixtures("hub")
def test_a_model_that_the_hub_does_not_have_ends_with_2(twin, checkout):
    ended = twin("model", "add", "me/other")
    assert ended.code == 2
    assert "me/other" in ended.err
    assert not (checkout / FILE_NAME).exists()


def test_without_the_hub_the_call_ends_with_3_and_names_the_file_option(twin, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    ended = twin("model", "add", "me/mine")
    assert ended.code == 3
    assert "--config" in ended.err
    assert "Traceback" not in ended.err


def test_a_file_of_this_machine_is_read_with_the_commit_it_is_of(twin, checkout, config):
    ended = twin("model", "add", "me/mine", "--config", config, "--revision", COMMIT, "--gated")
    assert ended.code == 0
    spec = read_added(checkout / FILE_NAME)["me/mine"]
    assert (spec.revision, spec.gated, spec.kv_heads) == (COMMIT, True, 8)


def test_a_second_model_is_added_beside_the_first_and_the_same_one_again_replaces_it(twin, checkout, config):
    for model_id, revision in (("me/one", "1" * 40), ("me/two", "2" * 40), ("me/one", "3" * 40)):
        assert twin("model", "add", model_id, "--config", config, "--revision", revision).code == 0
    revisions = {model_id: spec.revision for model_id, spec in read_added(checkout / FILE_NAME).items()}
    assert revisions == {"me/one": "3" * 40, "me/two": "2" * 40}


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        (CONFIG, (), "--config needs --revision"),
        (CONFIG, ("--revision", "main"), "main"),
        ("{", ("--revision", COMMIT), "is not JSON"),
        ("[" * 100_000, ("--revision", COMMIT), "is not JSON"),
        ([1], ("--revision", COMMIT), "holds no object"),
        (CONFIG | {"model_type": "[/red]"}, ("--revision", COMMIT), "model_type is '[/red]'"),
        (CONFIG | {"model_type": "mamba"}, ("--revision", COMMIT), "mamba"),
        (CONFIG | {"num_hidden_layers": None}, ("--revision", COMMIT), "num_hidden_layers"),
    ],
)
def test_a_file_that_says_too_little_ends_with_2_and_adds_nothing(twin, config, content, arguments, message):
    config.write_text(content if isinstance(content, str) else json.dumps(content))
    ended = twin("model", "add", "me/mine", "--config", config, *arguments)
    assert ended.code == 2
    assert message in ended.err
    assert "Traceback" not in ended.err
    assert not config.with_name(FILE_NAME).exists()


def test_a_file_that_is_not_there_ends_with_2(twin, tmp_path):
    ended = twin("model", "add", "me/mine", "--config", tmp_path / "none.json", "--revision", COMMIT)
    assert ended.code == 2
    assert "cannot be read" in ended.err


def test_an_id_that_is_none_is_refused_before_the_hub_is_asked(twin, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    ended = twin("model", "add", "gpt2")
    assert ended.code == 2
    assert "It must read 'owner/name'" in ended.err


def test_a_token_that_is_none_is_not_shown(twin, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret of mine")
    ended = twin("model", "add", "me/mine")
    assert ended.code == 2
    assert "hf_secret" not in ended.err + ended.out


def test_models_that_cannot_be_kept_end_with_one_line(twin, checkout, config):
    added = ("model", "add", "me/mine", "--config", config, "--revision", COMMIT)
    (checkout / f".{FILE_NAME}.new").mkdir()
    ended = twin(*added)
    assert (ended.code, "cannot be written: Is a directory" in ended.err) == (3, True)
    (checkout / FILE_NAME).mkdir()
    ended = twin(*added)
    assert (ended.code, "cannot be read: Is a directory" in ended.err) == (2, True)
    assert "Traceback" not in ended.err
