import re
from collections.abc import Callable

import httpx
import pytest

from local.llama.engine import Piece
from local.tgi.routes.tokenize import locate


def test_info_states_the_deployment(tgi: httpx.Client):
    assert tgi.get("/info").json() == {
        "model_id": "HuggingFaceTB/SmolLM2-135M-Instruct",
        "model_sha": "12fd25f77366fa6b3b4b768ec3050bf629380bac",
        "model_pipeline_tag": "text-generation",
        "max_concurrent_requests": 16,
        "max_best_of": 2,
        "max_stop_sequences": 4,
        "max_input_tokens": 64,
        "max_total_tokens": 2048,
        "validation_workers": 2,
        "max_client_batch_size": 4,
        "router": "text-generation-router",
        "version": "3.3.6",
        "sha": None,
        "docker_label": None,
        "stand_in": None,
    }


@pytest.mark.parametrize("path", ["/health", "/ping", "/"])
def test_a_healthy_server_says_nothing(tgi: httpx.Client, path: str):
    answer = tgi.get(path)
    assert (answer.status_code, answer.content) == (200, b"")


def test_the_model_is_listed(tgi: httpx.Client):
    (model,) = tgi.get("/v1/models").json()["data"]
    assert (model["id"], model["object"]) == ("HuggingFaceTB/SmolLM2-135M-Instruct", "model")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("GET", "/generate", 405)])
def test_a_wrong_path_or_method_gets_an_empty_answer(tgi: httpx.Client, method: str, path: str, status: int):
    answer = tgi.request(method, path)
    assert (answer.status_code, answer.content) == (status, b"")


def test_a_page_of_another_site_may_ask(tgi: httpx.Client):
    assert tgi.get("/info", headers={"origin": "http://example.com"}).headers["access-control-allow-origin"] == "*"


def test_metrics_count_requests_under_tgis_names(tgi: httpx.Client, read_metric: Callable[[str], float]):
    def read() -> tuple[float, ...]:
        names = ("tgi_request_count", "tgi_request_success", 'tgi_request_failure{err="validation"}')
        lengths = ("tgi_request_input_length_sum", "tgi_request_generated_tokens_sum")
        return tuple(read_metric(name) for name in (*names, *lengths))

    before = read()
    tgi.post("/generate", json={"inputs": "The capital of France is", "parameters": {"max_new_tokens": 3}})
    tgi.post("/generate", json={"inputs": "a", "parameters": {"top_k": 0}})
    assert tuple(now - then for now, then in zip(read(), before, strict=True)) == (2, 1, 1, 5, 3)


def test_metrics_have_no_total_and_all_of_tgis_histograms(tgi: httpx.Client):
    answer = tgi.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", answer.text, re.MULTILINE))
    assert not [name for name in kinds if name.endswith(("_total", "_created"))]
    assert {name for name, kind in kinds.items() if kind == "histogram"} == {
        "tgi_request_duration",
        "tgi_request_validation_duration",
        "tgi_request_queue_duration",
        "tgi_request_inference_duration",
        "tgi_request_mean_time_per_token_duration",
        "tgi_request_input_length",
        "tgi_request_generated_tokens",
        "tgi_request_max_new_tokens",
    }
    assert kinds["tgi_queue_size"] == kinds["tgi_batch_current_size"] == "gauge"
    assert kinds["tgi_request_count"] == kinds["tgi_request_failure"] == "counter"


def test_tokens_have_their_places_in_the_text(tgi: httpx.Client):
    tokens = tgi.post("/tokenize", json={"inputs": "Hé 😀x <|im_start|>"}).json()
    assert [(token["text"], token["start"], token["stop"]) for token in tokens] == [
        ("H", 0, 1),
        ("é", 1, 2),
        (" 😀", 2, 4),
        ("😀", 3, 4),
        ("x", 4, 5),
        (" ", 5, 6),
        ("<|im_start|>", 6, 18),
    ]


def test_a_token_that_is_not_in_the_text_has_an_empty_place():
    pieces = [Piece(1, b"<s>"), Piece(2, b" Hi"), Piece(3, b" you")]
    assert list(locate("Hi you", pieces)) == [(0, 0), (0, 2), (2, 6)]
