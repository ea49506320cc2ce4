"""What the service does when something around it fails: it says what happened, loses nothing and stays up."""

import json
import socket
import time
from pathlib import Path

import pytest

QUESTION = {"query": "How does the twin wake up from zero?"}


def ask(client, endpoint, answer):
    endpoint.answer = answer
    return client.post("/rag", json=QUESTION)


@pytest.fixture(autouse=True)
def stays_up(client, endpoint):
    """Whatever a test did, the next question is answered."""
    yield
    endpoint.reset()
    assert client.post("/rag", json=QUESTION).status_code == 200
    assert client.get("/healthz").json() == {"status": "ok"}


def test_no_capacity_is_a_503_that_says_when_to_come_back(client, endpoint, say):
    response = ask(client, endpoint, say.NO_CAPACITY)
    assert response.status_code == 503
    assert response.headers["retry-after"] == "60"
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == "urn:llm-twin:problem:model-asleep"
    assert problem["title"] == "The model is waking up"
    assert problem["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("answer", "status", "kind"),
    [
        ("NO_CAPACITY", 503, "model-asleep"),
        ("OVERLOADED", 503, "model-busy"),
        ("NOT_FOUND", 503, "model-unreachable"),
        ("TOO_LONG", 422, "prompt-too-long"),
        (
            ("Refusal", 403, "AccessDeniedException", "arn:aws:iam::123456789012:role/x may not"),
            503,
            "model-unreachable",
        ),
        (("Refusal", 500, "InternalFailure", "secret detail"), 503, "model-unreachable"),
        ([b"this is no event stream at all, not one frame of it"], 502, "model-failed"),
        ([{"unknown": "shape"}], 502, "model-failed"),
        ([{"error": "CUDA out of memory", "error_type": "generation"}], 502, "model-failed"),
        (["cut"], 503, "model-unreachable"),
    ],
)
def test_each_failure_of_the_endpoint_is_told_and_leaks_nothing(  # noqa: PLR0917 - fixtures
    client, endpoint, say, answer, status, kind
):
    if isinstance(answer, str):
        answer = getattr(say, answer)
    elif isinstance(answer, tuple):
        answer = say.Refusal(*answer[1:])
    response = ask(client, endpoint, answer)
    assert (response.status_code, response.json()["type"]) == (status, f"urn:llm-twin:problem:{kind}")
    for internal in ("twin-endpoint", "twin-llm", "123456789012", "secret detail", "127.0.0.1", "Traceback", "CUDA"):
        assert internal not in response.text


def test_a_failure_in_mid_stream_is_an_event_and_keeps_what_came(client, endpoint, say, events_of):
    endpoint.answer = say.chat("The twin ", "wakes ", {"error": "boom", "error_type": "generation"})
    events = events_of(client.post("/rag/stream", json=QUESTION).text)
    kinds = [kind for kind, _ in events]
    assert kinds[-1] == "error"
    assert "done" not in kinds
    assert events[-1][1]["type"] == "urn:llm-twin:problem:model-failed"
    assert events[-1][1]["partial_answer"].strip() == "The twin wakes"
    assert [data["text"].strip() for kind, data in events if kind == "token"] == ["The twin", "wakes"]


def test_a_sleeping_model_is_an_event_of_a_stream_too(client, endpoint, say, events_of):
    endpoint.answer = say.NO_CAPACITY
    kind, problem = events_of(client.post("/rag/stream", json=QUESTION).text)[-1]
    assert kind == "error"
    assert problem["title"] == "The model is waking up"
    assert problem["retry_after_s"] == 60


def test_a_model_that_stays_silent_is_given_up(serve, knowledge, endpoint, say):
    endpoint.answer = say.chat("The ", say.HANG)
    with serve(store=knowledge, answer_timeout_s=3) as service, service.client() as client:
        started_s = time.monotonic()
        response = client.post("/rag", json=QUESTION)
    assert (response.status_code, response.json()["type"]) == (504, "urn:llm-twin:problem:model-timeout")
    assert time.monotonic() - started_s < 5
    assert endpoint.answers_asked[0].left_early.wait(10)


def test_an_endpoint_that_is_down_leaves_the_search_working(serve, knowledge, endpoint, monkeypatch):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        with serve(store=knowledge) as service, service.client() as client:
            response = client.post("/rag", json=QUESTION)
            assert (response.status_code, response.json()["type"]) == (503, "urn:llm-twin:problem:model-unreachable")
            assert client.post("/search", json=QUESTION).json()["passages"]
            ready = client.get("/readyz")
            assert (ready.status_code, ready.json()["endpoint"]) == (503, "unreachable")
            assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("understood", ["nonsense", "down", "slow"])
def test_an_answer_does_not_depend_on_understanding_the_question(serve, knowledge, endpoint, say, understood):
    endpoint.understand = {
        "nonsense": say.chat("I am a teapot"),
        "down": say.OVERLOADED,
        "slow": say.chat(say.HANG),
    }[understood]
    with (
        serve(store=knowledge, understand=True, understand_timeout_s=0.5) as service,
        service.client() as client,
    ):
        answer = client.post("/rag", json=QUESTION).raise_for_status().json()
    assert answer["answer"] == "".join(say.ANSWER)
    assert "searched as it stands" in answer["notes"][0]


def test_a_replaced_endpoint_is_found_by_its_new_outputs(  # noqa: PLR0917 - fixtures
    serve, knowledge, endpoint, say, outputs_file, monkeypatch
):
    monkeypatch.setattr("service.endpoint._REFRESH_S", 0.0)
    file = outputs_file()

    def answer(asked):
        return say.NOT_FOUND if "/twin-endpoint/" in asked.path else say.chat("From the new one.")

    with serve(store=knowledge, endpoint_outputs_file=file) as service, service.client() as client:
        endpoint.answer = answer
        outputs = json.loads(Path(file).read_text())
        outputs["llm-twin-local-endpoint"]["EndpointName"] = "twin-endpoint-2"
        Path(file).write_text(json.dumps(outputs))
        assert client.post("/rag", json=QUESTION).json()["answer"] == "From the new one."
        assert [one.path.split("/")[2] for one in endpoint.answers_asked] == ["twin-endpoint", "twin-endpoint-2"]


def test_no_documents_yet_is_told_as_such(serve, endpoint):
    with serve() as service, service.client() as client:
        for path in ("/rag", "/search"):
            response = client.post(path, json=QUESTION)
            assert (response.status_code, response.json()["type"]) == (409, "urn:llm-twin:problem:nothing-ingested")
        assert client.get("/documents").json()["total_documents"] == 0
        assert client.get("/readyz").json() == {"status": "ready", "store": "empty", "endpoint": "ok"}


def test_a_corrupt_store_is_told_and_the_service_stays_up(serve, endpoint, tmp_path):
    store = tmp_path / "knowledge"
    (store / "passages.lance").mkdir(parents=True)
    (store / "passages.lance" / "_versions").mkdir()
    (store / "passages.lance" / "_versions" / "1.manifest").write_bytes(b"garbage")
    with serve(store=str(store)) as service, service.client() as client:
        response = client.post("/search", json=QUESTION)
        assert response.status_code == 503
        assert str(store) not in response.text
        assert client.get("/readyz").json()["store"] == "unreadable"
        assert client.get("/healthz").status_code == 200


def test_what_nobody_foresaw_is_a_500_without_its_words(serve, knowledge, endpoint, monkeypatch):
    async def fail(*_, **__):
        raise ZeroDivisionError("the password is 1234")

    monkeypatch.setattr("rag.retrieval.Retriever.retrieve", fail)
    with serve(store=knowledge) as service, service.client() as client:
        response = client.post("/search", json=QUESTION)
        assert (response.status_code, response.json()["type"]) == (500, "urn:llm-twin:problem:internal")
        assert response.json()["request_id"] == response.headers["x-request-id"]
        assert "1234" not in response.text
        assert "ZeroDivision" not in response.text
        stream = client.post("/rag/stream", json=QUESTION)
        assert "event: error" in stream.text
        assert "1234" not in stream.text
