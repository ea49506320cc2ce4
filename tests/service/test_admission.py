"""How many at once, how much at most: what is over is refused at once, and places are always given back."""

import json
import socket
import threading
import time

import pytest

from service.admission import Admission
from service.errors import TooManyRequestsError

QUESTION = {"query": "How does the twin wake up from zero?"}
CHAT = {"model": "llm-twin", "messages": [{"role": "user", "content": QUESTION["query"]}]}


def test_a_place_is_given_back_even_after_a_failure():
    admission = Admission(what="answers", places=1, retry_after_s=2)
    with pytest.raises(ValueError, match="x"), admission.enter():
        raise ValueError("x")
    with admission.enter(), pytest.raises(TooManyRequestsError), admission.enter():
        pass
    assert (admission.taken, admission.refused) == (0, 1)


@pytest.fixture(scope="module")
def small(serve, knowledge):
    with serve(store=knowledge, max_answers=2) as service:
        yield service


def test_one_too_many_is_refused_at_once_and_places_come_back(small, endpoint, say, eventually):
    endpoint.answer = say.chat("First", say.HANG)
    with small.client() as client:
        streams = [client.stream("POST", "/rag/stream", json=QUESTION) for _ in range(2)]
        lines = [stream.__enter__().iter_lines() for stream in streams]
        for each in lines:
            while not next(each).startswith("event: token"):
                pass
        started_s = time.monotonic()
        refused = [client.post(path, json=body) for path, body in (("/rag", QUESTION), ("/v1/chat/completions", CHAT))]
        assert time.monotonic() - started_s < 1
        assert [response.status_code for response in refused] == [429, 429]
        assert all(response.headers["retry-after"] == "2" for response in refused)
        assert refused[0].json()["type"] == "urn:llm-twin:problem:too-many-requests"
        assert refused[1].json()["error"]["type"] == "rate_limit_error"
        assert client.post("/search", json=QUESTION).status_code == 200
        for stream in streams:
            stream.__exit__(None, None, None)
        eventually(lambda: "twin_answers_in_progress 0.0" in client.get("/metrics").text)
        endpoint.answer = say.chat("Free again.")
        assert client.post("/rag", json=QUESTION).json()["answer"] == "Free again."
        assert "twin_answers_refused_total 2.0" in client.get("/metrics").text


@pytest.mark.parametrize("fault", ["NO_CAPACITY", "broken", "too long a body", "invalid", "nonsense model"])
def test_no_failure_keeps_a_place(small, endpoint, say, fault):
    endpoint.answer = say.NO_CAPACITY if fault == "NO_CAPACITY" else say.chat("First", say.CUT)
    bodies = {
        "too long a body": {"query": "x" * 300_000},
        "invalid": {"query": ""},
        "nonsense model": CHAT | {"model": "other"},
    }
    with small.client() as client:
        for _ in range(4):
            client.post("/rag/stream", json=bodies.get(fault, QUESTION))
            client.post("/v1/chat/completions", json=bodies.get(fault, CHAT))
        assert "twin_answers_in_progress 0.0" in client.get("/metrics").text


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/rag", {"query": "x" * 8193}, "query"),
        ("/rag", {"query": "   "}, "query"),
        ("/rag", {}, "query"),
        ("/rag", {"query": "a", "k": 0}, "k"),
        ("/rag", {"query": "a", "k": 99}, "k"),
        ("/rag", {"query": "a", "qurey": "b"}, "qurey"),
        ("/rag", {"query": "a", "filters": {"date_from": "yesterday"}}, "filters.date_from"),
        ("/search", {"query": "a", "filters": {"date_from": "2026-02-01", "date_to": "2026-01-01"}}, "2026-02-01"),
        ("/search", {"query": "a\ud800"}, "query"),
    ],
)
def test_a_wrong_value_is_refused_by_name(client, path, body, field):
    response = client.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert field in response.json()["detail"]


def test_broken_json_is_a_problem_document(client):
    response = client.post("/rag", content=b'{"query": ', headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.json()["type"] == "urn:llm-twin:problem:invalid-request"


def test_a_body_over_the_limit_is_a_413(client):
    response = client.post("/rag", json={"query": "x" * 300_000})
    assert (response.status_code, response.headers["content-type"]) == (413, "application/problem+json")
    response = client.post("/v1/chat/completions", json={"query": "x" * 300_000})
    assert response.status_code == 413
    assert response.json()["error"]["type"] == "invalid_request_error"


def test_a_body_without_a_length_is_limited_too(client):
    def endless():
        for _ in range(100):
            yield b"x" * 10_000

    response = client.post("/rag", content=endless(), headers={"Content-Type": "application/json"})
    assert response.status_code == 413


def test_a_body_that_stops_coming_is_given_up(serve, knowledge, endpoint):
    with serve(store=knowledge, body_timeout_s=0.3) as service:
        port = int(service.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(
                b"POST /search HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
            )
            assert connection.recv(4096).startswith(b"HTTP/1.1 408 ")


def test_many_streams_at_once_lose_nothing(serve, knowledge, endpoint, say, events_of):
    endpoint.answer = lambda asked: say.chat(
        *[f"{n} " for n in range(20)], 0.2, asked.prompt.rsplit("number ")[-2].split()[0]
    )
    results = {}

    def one(client, number):
        text = client.post("/rag/stream", json={"query": f"How does the twin wake up, number {number}"}).text
        results[number] = dict(events_of(text))["done"]["answer"]

    with serve(store=knowledge, max_answers=40, max_searches=40) as service, service.client() as client:
        threads = [threading.Thread(target=one, args=(client, number)) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    expected = "".join(f"{n} " for n in range(20))
    assert results == {number: f"{expected}{number}" for number in range(40)}
