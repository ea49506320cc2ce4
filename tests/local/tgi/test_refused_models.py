"""Models that the hub would not give, or that would not fit into the copy's GPUs: the container does not start."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local.llama.errors import StartupError
from local.tgi.settings import Settings
from local.tgi.weights import find_weights

LLAMA = "meta-llama/Llama-3.1-8B-Instruct"
A10G_MIB = "22888"


def start(**environment):
    return find_weights(Settings.from_environment(environment))


def token(value):
    return {"HF_TOKEN": value}


@pytest.fixture(scope="module")
def hub():
    """A hub that has `me/mine`, keeps `me/gated` to the token `good`, and has no revision `gone`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, code = self.judge()
            self.send_response(status)
            self.send_header("Content-Length", "0")
            if code:
                self.send_header("X-Error-Code", code)
            self.end_headers()

        def judge(self):
            if self.path.endswith("/revision/gone"):
                return 404, "RevisionNotFound"
            if self.path.startswith("/api/models/me/mine/revision/"):
                return 200, None
            if self.path.startswith("/api/models/me/gated/"):
                shown = self.headers.get("Authorization")
                return (200, None) if shown == "Bearer good" else (403 if shown else 401, "GatedRepo")
            return 401, "RepoNotFound"

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_a_hub_that_is_named_decides_which_models_there_are(hub):
    found = start(HF_MODEL_ID="me/mine", HF_MODEL_REVISION="main", HF_ENDPOINT=hub)
    assert found.stand_in is not None
    assert found.stand_in.instead_of == "me/mine"
    assert start(HF_MODEL_ID="me/gated", HF_ENDPOINT=hub, **token("good")).model_id == "me/gated"


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"HF_MODEL_ID": "me/none"}, "RepositoryNotFoundError: 401 Client Error. Repository Not Found for url: http"),
        ({"HF_MODEL_ID": "me/gated"}, "GatedRepoError: 401 Client Error. Cannot access gated repo for url http"),
        (
            {"HF_MODEL_ID": "me/gated", "HF_TOKEN": "bad"},
            "Access to model me/gated is restricted and you are not in the authorized list.",
        ),
        ({"HF_MODEL_ID": "me/mine", "HF_MODEL_REVISION": "gone"}, "RevisionNotFoundError: 404 Client Error."),
    ],
)
def test_what_the_hub_refuses_is_refused_in_its_words(hub, environment, reason):
    with pytest.raises(StartupError) as refused:
        start(HF_ENDPOINT=hub, **environment)
    assert reason in str(refused.value)


def test_a_hub_that_is_not_there_is_named():
    with pytest.raises(StartupError, match=r"ConnectError: .* for url: http://127.0.0.1:9/api/models/me/mine"):
        start(HF_MODEL_ID="me/mine", HF_ENDPOINT="http://127.0.0.1:9")


def test_a_gated_model_of_the_catalogue_needs_a_token():
    with pytest.raises(StartupError, match=f"GatedRepoError: 401 .* Access to model {LLAMA} is restricted"):
        start(HF_MODEL_ID=LLAMA)
    assert start(HF_MODEL_ID=LLAMA, **token("any")).stand_in is not None


@pytest.mark.parametrize(
    ("model_id", "environment", "reason"),
    [
        ("Qwen/Qwen2.5-32B-Instruct", {}, "CUDA out of memory"),
        ("Qwen/Qwen2.5-32B-Instruct", {"SM_NUM_GPUS": "2"}, "CUDA out of memory"),
        (
            "mistralai/Mistral-7B-Instruct-v0.3",
            {"MAX_BATCH_PREFILL_TOKENS": "200000"},
            "Not enough memory to handle 200000 prefill tokens",
        ),
    ],
)
def test_a_model_that_does_not_fit_into_the_gpus_fails_as_it_would_there(model_id, environment, reason):
    with pytest.raises(StartupError, match=reason):
        start(HF_MODEL_ID=model_id, LOCAL_GPU_MEMORY_MIB=A10G_MIB, **environment)


@pytest.mark.parametrize(
    ("model_id", "environment"),
    [
        ("mistralai/Mistral-7B-Instruct-v0.3", {}),
        ("Qwen/Qwen2.5-32B-Instruct", {"SM_NUM_GPUS": "4"}),
        ("Qwen/Qwen2.5-14B-Instruct", {"HF_MODEL_QUANTIZE": "awq"}),
        ("/opt/ml/model", {}),
    ],
)
def test_a_model_that_fits_or_is_not_known_starts(model_id, environment):
    assert start(HF_MODEL_ID=model_id, LOCAL_GPU_MEMORY_MIB=A10G_MIB, **environment).model_id == model_id


MOUNTED = {"files": ["config.json", "a.safetensors"], "tensors": {"a.safetensors": "embed", "b.safetensors": "head"}}


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (
            ["a.safetensors", "b.safetensors"],
            r"OSError: /opt/ml/model does not appear to have a file named config\.json",
        ),
        (["config.json"], r"No local weights found in /opt/ml/model with extension \.safetensors"),
        (["config.json", "a.safetensors"], "weight head does not exist"),
    ],
)
def test_mounted_weights_that_are_not_whole_fail_as_they_would_there(files, reason):
    with pytest.raises(StartupError, match=reason):
        start(HF_MODEL_ID="/opt/ml/model", LOCAL_MOUNTED=json.dumps(MOUNTED | {"files": files}))


def test_mounted_weights_that_are_whole_are_stood_in_for():
    whole = MOUNTED | {"files": [*MOUNTED["files"], "b.safetensors"]}
    assert start(HF_MODEL_ID="/opt/ml/model", LOCAL_MOUNTED=json.dumps(whole)).stand_in is not None


def test_what_is_said_to_be_mounted_has_to_be_of_its_form():
    with pytest.raises(StartupError, match=r"LOCAL_MOUNTED='\{\}' is not known"):
        start(HF_MODEL_ID="/opt/ml/model", LOCAL_MOUNTED="{}")
