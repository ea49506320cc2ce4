"""What SageMaker calls, and the server's word on what it does not take."""

import re
import threading
import time
from collections.abc import Callable

import httpx
import pytest

from stacks.constructs.engine_metrics import LOGGED, Engine
from tests.local.container_process import Container
from tests.stacks.test_engine_metrics import read_all

FRANCE = {"prompt": "The capital of France is", "max_tokens": 4, "temperature": 0}
CHAT = {"messages": [{"role": "user", "content": "Ping"}], "max_tokens": 4, "temperature": 0}


def until(met: Callable[[], object], *, timeout_s: float = 30) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not met():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def test_it_is_healthy(vllm: httpx.Client):
    answers = [vllm.get("/ping"), vllm.post("/ping"), vllm.get("/health")]
    assert [(answer.status_code, answer.content) for answer in answers] == [(200, b"")] * 3
    assert re.fullmatch(r"\d+\.\d+\.\d+", vllm.get("/version").json()["version"])


def test_an_invocation_is_taken_by_its_form(vllm: httpx.Client):
    assert vllm.post("/invocations", json=CHAT).json()["object"] == "chat.completion"
    assert vllm.post("/invocations", json=FRANCE).json()["choices"][0]["text"].startswith(" Paris.")
    with vllm.stream("POST", "/invocations", json=FRANCE | {"stream": True}) as answer:
        lines = [line for line in answer.iter_lines() if line]
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert lines[-1] == "data: [DONE]"
    assert len(lines) == 5


def test_a_stop_string_ends_the_answer_and_is_not_in_it(vllm: httpx.Client):
    choice = vllm.post("/v1/completions", json=FRANCE | {"stop": ["ris."]}).json()["choices"][0]
    assert (choice["text"], choice["finish_reason"], choice["stop_reason"]) == (" Pa", "stop", "ris.")
    kept = FRANCE | {"stop": "ris.", "include_stop_str_in_output": True}
    assert vllm.post("/v1/completions", json=kept).json()["choices"][0]["text"] == " Paris."


BAD, INVALID, UNKNOWN, NOT_SERVED = "BadRequestError", "Bad Request", "NotFoundError", "NotImplementedError"
STATUS = {BAD: 400, INVALID: 400, UNKNOWN: 404, NOT_SERVED: 501, "Not Found": 404}
TOOLS = [{"type": "function", "function": {"name": "f"}}]


@pytest.mark.parametrize(
    ("path", "body", "kind", "message"),
    [
        ("/invocations", {"inputs": "Hi"}, BAD, "Cannot find suitable handler for request. Expected one of: ["),
        ("/invocations", FRANCE | {"model": "other"}, UNKNOWN, "The model `other` does not exist."),
        ("/v1/chat/completions", {}, INVALID, "'loc': ('body', 'messages'), 'msg': 'Field required'"),
        ("/v1/chat/completions", CHAT | {"tools": TOOLS}, BAD, '"auto" tool choice requires --enable-auto-tool-choice'),
        ("/v1/completions", FRANCE | {"top_p": 0}, BAD, "top_p must be in (0, 1], got 0.0."),
        ("/v1/completions", FRANCE | {"max_tokens": 0}, BAD, "max_tokens must be at least 1, got 0"),
        ("/v1/completions", FRANCE | {"n": 2}, NOT_SERVED, "n=2 is not supported by this server"),
        ("/v1/completions", FRANCE | {"prompt": [49152]}, BAD, "Token id 49152 is out of vocabulary"),
        ("/v1/completions", FRANCE | {"logprobs": 21}, BAD, "greater than max allowed: 20"),
        ("/v1/completions", FRANCE | {"stream_options": {}}, BAD, "can only be defined when `stream=True`"),
        ("/v1/completions", FRANCE | {"prompt": "word " * 2047}, BAD, "maximum context length is 2048 tokens. However"),
        ("/v1/completions", FRANCE | {"structured_outputs": {"regex": "("}}, BAD, "Failed to compile"),
        ("/nowhere", {}, "Not Found", "Not Found"),
    ],
)
def test_what_is_refused_is_told_in_vllms_form(vllm: httpx.Client, path, body, kind, message):
    answer = vllm.post(path, json=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["type"]) == (STATUS[kind], STATUS[kind], kind)
    assert message in error["message"]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"prompt": "cut', "application/json", 400),
        (rb'{"prompt": "half \ud800"}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'"text"', "application/json", 400),
        (b'{"prompt": "Hi"}', "text/plain", 415),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(vllm: httpx.Client, content: bytes, kind: str, status: int):
    for path in ("/invocations", "/v1/completions"):
        answer = vllm.post(path, content=content, headers={"content-type": kind})
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, status)


def test_a_request_beyond_the_batch_waits_and_is_answered(vllm: httpx.Client, container: Container):
    long = FRANCE | {"max_tokens": 24, "ignore_eos": True}
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(httpx.post(f"{container.url}/v1/completions", json=long, timeout=120).status_code)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()

    def full() -> bool:
        metrics = vllm.get("/metrics").text
        found = [
            re.search(rf'^vllm:num_requests_{name}{{engine="0",model_name="twin"}} {count}$', metrics, re.MULTILINE)
            for name, count in (("running", "2.0"), ("waiting", "1.0"))
        ]
        return all(found)

    until(full)
    for thread in threads:
        thread.join()
    assert statuses == [200] * 3
    after = vllm.get("/metrics").text
    assert re.search(r"^vllm:num_requests_running\S* 0\.0$", after, re.MULTILINE)
    assert re.search(r"^vllm:kv_cache_usage_perc\S* 0\.0$", after, re.MULTILINE)
    for name in ("generation_tokens_total", "time_to_first_token_seconds_count"):
        assert float(re.search(rf"^vllm:{name}\S* (\S+)$", after, re.MULTILINE)[1]) >= 3


def test_the_metric_filters_of_a_deployment_read_its_log(vllm: httpx.Client, container: Container):
    vllm.post("/v1/completions", json=FRANCE)
    values: dict[str, float] = {}

    def reported() -> bool:
        for line in list(container.lines):
            values.update(read_all(Engine.VLLM, line))
        return values.get("GeneratedTokensPerSecond", 0) > 0

    until(reported)
    assert values.keys() == {logged.name for logged in LOGGED[Engine.VLLM]} - {"NearlyFullCacheReports"}


def test_tokens_are_told_and_put_together_again(vllm: httpx.Client):
    told = vllm.post("/tokenize", json={"prompt": "Hi there", "return_token_strs": True}).json()
    assert (told["count"], told["max_model_len"], told["token_strs"]) == (2, 2048, ["Hi", " there"])
    assert vllm.post("/detokenize", json={"tokens": told["tokens"]}).json() == {"prompt": "Hi there"}
    chat = vllm.post("/tokenize", json={"messages": CHAT["messages"]}).json()
    assert chat["count"] == vllm.post("/v1/chat/completions", json=CHAT).json()["usage"]["prompt_tokens"]


def test_a_client_that_leaves_stops_the_work(vllm: httpx.Client):
    def read(name: str) -> list[str]:
        return re.findall(rf"^vllm:{name}\S* (\S+)$", vllm.get("/metrics").text, re.MULTILINE)

    answered = read("request_success_total")
    with vllm.stream(
        "POST", "/v1/completions", json=FRANCE | {"max_tokens": 1900, "ignore_eos": True, "stream": True}
    ) as answer:
        lines = answer.iter_lines()  # kept: without its lines the answer is closed
        next(lines)
        assert read("num_requests_running") == ["1.0"]
    until(lambda: read("num_requests_running") == ["0.0"])
    assert read("request_success_total") == answered
