import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from local.llama.events import keep_alive

# Each star is three tokens, and the model goes on with stars.
STARS = "🌟🌟🌟🌟🌟"


def read_events(text: str) -> list[dict[str, Any]]:
    events = text.split("\n\n")
    assert events.pop() == ""
    assert all(event.startswith("data: ") for event in events)
    return [json.loads(event.removeprefix("data: ")) for event in events]


@pytest.mark.parametrize("path", ["/generate_stream", "/", "/invocations"])
def test_a_stream_is_one_event_a_token_and_the_text_in_the_last(tgi: httpx.Client, counting: str, path: str):
    parameters = {"max_new_tokens": 4, "details": True, "return_full_text": False, "top_n_tokens": 1}
    answer = tgi.post(path, json={"inputs": counting, "parameters": parameters, "stream": True})
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.headers["x-compute-characters"] == str(len(counting))
    events = read_events(answer.text)
    assert [event["index"] for event in events] == [1, 2, 3, 4]
    assert all(list(event) == ["index", "token", "top_tokens", "generated_text", "details"] for event in events)
    assert all(event["generated_text"] is None and event["details"] is None for event in events[:-1])
    assert events[-1]["generated_text"] == "".join(event["token"]["text"] for event in events)
    assert events[-1]["details"] == {
        "finish_reason": "length",
        "generated_tokens": 4,
        "seed": None,
        "input_length": 26,
    }


def test_details_and_the_prompt_come_only_when_asked_for(tgi: httpx.Client, counting: str):
    body = {"inputs": counting, "parameters": {"max_new_tokens": 1, "return_full_text": True}}
    (event,) = read_events(tgi.post("/generate_stream", json=body).text)
    assert event["details"] is None
    assert "top_tokens" not in event
    assert event["generated_text"].startswith(counting)


def test_the_first_token_arrives_before_the_last_is_generated(tgi: httpx.Client, counting: str):
    body = {"inputs": counting, "parameters": {"max_new_tokens": 20}, "stream": True}
    with tgi.stream("POST", "/invocations", json=body) as answer:
        arrivals_s = [time.monotonic() for line in answer.iter_lines() if line]
    assert len(arrivals_s) == 20
    assert len({round(arrival_s, 3) for arrival_s in arrivals_s}) > 10, "tokens come one by one"


def test_characters_of_several_tokens_stay_whole(tgi: httpx.Client):
    body = {"inputs": STARS, "parameters": {"max_new_tokens": 12, "details": True}}
    events = read_events(tgi.post("/generate_stream", json=body).text)
    texts = [event["token"]["text"] for event in events]
    assert "�" not in "".join(texts)
    assert "🌟" in texts, "this model answers with stars"
    at = texts.index("🌟")
    assert texts[at - 2 : at] == ["", ""]
    assert [event["token"]["id"] for event in events[at - 2 : at + 1]] == [10813, 230, 249]
    assert [event["token"]["logprob"] for event in events[at - 2 : at]] == [None, None]
    assert len(events) == events[-1]["details"]["generated_tokens"] == 12
    whole = tgi.post("/generate", json=body).json()
    assert [token["id"] for token in whole["details"]["tokens"]] == [event["token"]["id"] for event in events]


def test_an_answer_cut_within_a_character_ends_before_it(tgi: httpx.Client):
    body = {"inputs": STARS, "parameters": {"max_new_tokens": 2, "details": True}}
    answer = tgi.post("/generate", json=body).json()
    assert answer["generated_text"] == ""
    assert [token["id"] for token in answer["details"]["tokens"]] == [10813, 230]


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_stops_its_generation(
    tgi: httpx.Client,
    stream: bool,
    counting: str,
    read_metric: Callable[[str], float],
    wait_until: Callable[[Callable[[], bool]], float],
):
    dropped = read_metric('tgi_request_failure{err="dropped"}')
    # Every letter is allowed, but no end: the answer would be as long as the limits allow.
    grammar = {"type": "regex", "value": "[a-z ]{4000}"}
    body = {"inputs": counting, "parameters": {"max_new_tokens": 900, "grammar": grammar}, "stream": stream}
    with httpx.Client(base_url=tgi.base_url, timeout=httpx.Timeout(60, read=60 if stream else 1.5)) as client:
        if stream:
            with client.stream("POST", "/invocations", json=body) as answer:
                lines = answer.iter_lines()
                next(lines)
                assert read_metric("tgi_batch_current_size") == 1
        else:
            with pytest.raises(httpx.ReadTimeout):
                client.post("/invocations", json=body)
    assert wait_until(lambda: read_metric("tgi_batch_current_size") == 0) < 5
    assert read_metric("tgi_batch_current_max_tokens") == 0
    assert read_metric('tgi_request_failure{err="dropped"}') == dropped + 1
    # llama.cpp has stopped too: it has nothing else to do than this.
    assert tgi.post("/generate", json={"inputs": "a", "parameters": {"max_new_tokens": 1}}).status_code == 200


def test_several_requests_are_generated_at_once(tgi: httpx.Client, counting: str):
    async def ask(client: httpx.AsyncClient, number: int) -> list[float]:
        body = {"inputs": f"{number} {counting}", "parameters": {"max_new_tokens": 8}}
        async with client.stream("POST", "/generate_stream", json=body) as answer:
            return [time.monotonic() async for line in answer.aiter_lines() if line]

    async def ask_all() -> list[list[float]]:
        async with httpx.AsyncClient(base_url=tgi.base_url, timeout=60) as client:
            return await asyncio.gather(*(ask(client, number) for number in range(6)))

    arrivals = sorted(asyncio.run(ask_all()))
    assert max(times[0] for times in arrivals[:4]) < min(times[-1] for times in arrivals[:4]), "four share a batch"
    assert arrivals[-1][0] > min(times[-1] for times in arrivals), "a fifth waits until one has ended"


def test_an_idle_stream_is_kept_alive_by_comments():
    async def events() -> AsyncGenerator[bytes]:
        yield b"data: 1\n\n"
        await asyncio.sleep(0.25)
        yield b"data: 2\n\n"

    async def collect() -> list[bytes]:
        return [event async for event in keep_alive(events(), idle_s=0.1)]

    assert asyncio.run(collect()) == [b"data: 1\n\n", b":\n\n", b":\n\n", b"data: 2\n\n"]


def test_closing_a_stream_closes_what_feeds_it():
    closed = []

    async def events() -> AsyncGenerator[bytes]:
        try:
            yield b"data: 1\n\n"
            await asyncio.sleep(60)
        finally:
            closed.append(True)

    async def leave() -> None:
        async with aclosing(keep_alive(events(), idle_s=0.01)) as stream:
            assert [await anext(stream), await anext(stream)] == [b"data: 1\n\n", b":\n\n"]

    asyncio.run(leave())
    assert closed == [True]
