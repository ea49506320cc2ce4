"""The asynchronous client behaves as the blocking one: the same function runs on both, and the results are compared."""

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta

import boto3
import botocore.session
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, RefreshableCredentials

import inference_client as ic
from inference_client.aio import AsyncEndpointClient

ADDRESS = ic.EndpointAddress(endpoint_name="twin", inference_component_name="llm")
MESSAGES = [{"role": "user", "content": "Hallo"}]


def ask_blocking(session, options, call, address=ADDRESS):
    with ic.EndpointClient(address, options=ic.ClientOptions(backoff_s=0.01, **options), session=session) as client:
        return call(client)


def ask_asynchronously(session, options, call, address=ADDRESS):
    async def ask():
        settings = ic.ClientOptions(backoff_s=0.01, **options)
        async with AsyncEndpointClient(address, options=settings, session=session) as client:
            return await call(client)

    return asyncio.run(ask())


def facts_of(ask):
    """What came of it, without what the clock says."""
    try:
        answer = ask()
    except ic.InferenceClientError as error:
        error.__traceback__ = None
        facts = ("status", "request_id", "partial_text", "code", "error_type", "log_stream_arn")
        return type(error).__name__, [getattr(error, name, None) for name in facts]
    return answer.text, answer.finish_reason, answer.usage, answer.request_id, answer.invoked_variant


OVERLOADED = {"error": "Model is overloaded", "error_type": "overloaded"}
TOO_LONG = {
    "error": "Input validation error: `inputs` must have less than 9 tokens. Given: 10",
    "error_type": "validation",
}
SITUATIONS = {
    "answer": lambda say: ([say.whole_stream()], {}),
    "cut in mid-stream": lambda say: ([say.stream(*say.TOKENS[:2], say.CUT)], {}),
    "ends without the final event": lambda say: ([say.stream(*say.TOKENS[:2])], {}),
    "cut after the final event": lambda say: ([say.stream(*say.TOKENS, say.CUT)], {}),
    "cut before an answer": lambda say: ([say.Reply([say.CUT])], {}),
    "silent in mid-stream": lambda say: ([say.stream(say.TOKENS[0], say.HANG)], {"read_timeout_s": 0.3}),
    "no answer": lambda say: ([say.Reply([say.HANG])], {"read_timeout_s": 0.3}),
    "too slow": lambda say: (
        [say.stream(say.TOKENS[0], *([0.05, say.frame(b":\n\n")] * 10))],
        {"total_timeout_s": 0.2},
    ),
    "refused in the stream": lambda say: ([say.stream(TOO_LONG)], {}),
    "refused before the stream": lambda say: ([say.container_error(422, TOO_LONG)], {}),
    "refused as plain text": lambda say: ([say.container_error(422, "Failed to deserialize")], {}),
    "fails in mid-stream": lambda say: (
        [say.stream(*say.TOKENS[:2], {"error": "OOM", "error_type": "generation"})],
        {},
    ),
    "ModelStreamError": lambda say: (
        [say.stream(say.TOKENS[0], say.exception_frame("ModelStreamError", "x", "ModelInvocationTimeExceeded"))],
        {},
    ),
    "overloaded under status 200": lambda say: ([say.stream(OVERLOADED), say.whole_stream()], {}),
    "overloaded, then an answer": lambda say: ([say.container_error(429, OVERLOADED), say.whole_stream()], {}),
    "throttled": lambda say: ([say.aws_error("ThrottlingException", 400, "Rate exceeded")], {"max_attempts": 2}),
    "no capacity": lambda say: ([say.NO_CAPACITY], {}),
    "no capacity, then capacity": lambda say: ([say.NO_CAPACITY, say.whole_stream()], {"wait_for_capacity_s": 20}),
    "endpoint not found": lambda say: (
        [say.aws_error("ValidationError", 400, "Endpoint twin of account 1 not found.")],
        {},
    ),
    "denied": lambda say: ([say.aws_error("AccessDeniedException", 403, "not authorized")], {}),
    "gateway": lambda say: ([say.Reply([b"<html>"], status=502, chunked=False)], {}),
    "not a token stream": lambda say: ([say.stream({"unknown": 1})], {}),
}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_each_situation_ends_alike(wire, say, session, situation):
    replies, options = SITUATIONS[situation](say)
    outcomes, counts = [], []
    for ask in (ask_blocking, ask_asynchronously):
        wire.reset()
        wire.on("stream", *replies)
        outcomes.append(facts_of(lambda ask=ask: ask(session, options, lambda client: client.generate("Hallo"))))
        counts.append(wire.count("stream"))
    assert outcomes[0] == outcomes[1]
    assert counts[0] == counts[1]


def test_what_came_before_a_break_is_read_after_it(wire, say, session):
    async def read_late(client):
        async with await client.stream("Hallo") as stream:
            # Long enough for the connection to be seen broken before anything more is read.
            await asyncio.sleep(0.3)
            with pytest.raises(ic.StreamInterruptedError) as raised:
                await stream.read()
            return raised.value.partial_text

    tokens = [say.token(index, f" {index}") for index in range(200)]
    wire.on("stream", say.stream(*tokens, say.CUT))
    assert ask_asynchronously(session, {}, read_late) == "".join(token["token"]["text"] for token in tokens)


def test_both_send_the_same_request(wire, say, session):
    wire.on("stream", say.whole_stream())
    for ask in (ask_blocking, ask_asynchronously):
        ask(session, {}, lambda client: client.generate("Grüße", inference_id="mine"))
    blocking, asynchronous = wire.requests
    assert blocking.body == asynchronous.body
    assert blocking.path == asynchronous.path
    for name in ("content-type", "x-amzn-sagemaker-inference-component", "x-amzn-sagemaker-inference-id"):
        assert blocking.headers[name] == asynchronous.headers[name]
    # Nothing may come compressed: the stream is read as it is.
    assert asynchronous.headers["accept-encoding"] == "identity"
    signed = [request.headers["authorization"].split("SignedHeaders=")[1].split(",")[0] for request in wire.requests]
    assert signed[0] == signed[1]


def test_a_refusal_in_the_stream_closes_its_connection_at_once(wire, say, session, client):
    def refused_blocking():
        with pytest.raises(ic.InputTooLongError) as caught:
            client.stream("Hallo")
        # The error's traceback keeps the response alive: nothing is closed by chance.
        return wire.left_early.wait(10) and caught

    async def refused_asynchronously(asynchronous):
        with pytest.raises(ic.InputTooLongError) as caught:
            await asynchronous.stream("Hallo")
        return await asyncio.to_thread(wire.left_early.wait, 10) and caught

    wire.on("stream", say.stream(TOO_LONG, say.HANG))
    assert refused_blocking()
    wire.left_early.clear()
    assert ask_asynchronously(session, {}, refused_asynchronously)


def test_a_chat_answers_alike(wire, say, session):
    chunks = [
        {"choices": [{"delta": {"content": "hi"}, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1}},
    ]
    wire.on("stream", say.stream(*chunks))
    answers = [
        facts_of(lambda ask=ask: ask(session, {}, lambda client: client.chat(MESSAGES)))
        for ask in (ask_blocking, ask_asynchronously)
    ]
    assert answers[0] == answers[1]
    assert answers[0][0] == "hi"


def test_the_component_is_discovered_alike(wire, say, session):
    wire.on("ListInferenceComponents", say.json({"InferenceComponents": [{"InferenceComponentName": "found"}]}))
    wire.on("stream", say.whole_stream())
    address = ic.EndpointAddress(endpoint_name="twin")
    ask_asynchronously(session, {}, lambda client: client.generate("Hallo"), address)
    assert wire.requests[-1].headers["x-amzn-sagemaker-inference-component"] == "found"


def test_cancelling_a_task_closes_its_connection(wire, say, session):
    wire.on("stream", say.stream(say.TOKENS[0], say.HANG))

    async def cancel_midway(client):
        first = asyncio.Event()

        async def read():
            async with await client.stream("Hallo") as stream:
                async for _ in stream:
                    first.set()

        task = asyncio.create_task(read())
        await asyncio.wait_for(first.wait(), 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await asyncio.to_thread(wire.left_early.wait, 10)

    assert ask_asynchronously(session, {}, cancel_midway)


def test_cancelling_before_the_answer_closes_its_connection(wire, say, session):
    wire.on("stream", say.Reply([say.HANG]))

    async def cancel_early(client):
        task = asyncio.create_task(client.generate("Hallo"))
        await asyncio.to_thread(wire.arrived.wait, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await asyncio.to_thread(wire.left_early.wait, 10)

    assert ask_asynchronously(session, {}, cancel_early)


def test_another_task_may_close_a_stream_that_waits(wire, say, session):
    wire.on("stream", say.stream(say.TOKENS[0], say.HANG))

    async def close_midway(client):
        stream = await client.stream("Hallo")
        await anext(stream)
        rest = asyncio.create_task(asyncio.wait_for(_all(stream), 5))
        await asyncio.sleep(0.05)
        await stream.aclose()
        return await rest

    async def _all(stream):
        return [event async for event in stream]

    assert ask_asynchronously(session, {}, close_midway) == []
    assert wire.left_early.wait(10)


def test_two_hundred_streams_at_once_lose_no_token(wire, say, session):
    wire.on("stream", say.stream(say.TOKENS[0], 0.3, *say.TOKENS[1:]))

    async def ask_many(client):
        started_s = time.monotonic()
        answers = await asyncio.gather(*(client.generate(f"prompt {number}") for number in range(200)))
        return answers, time.monotonic() - started_s

    answers, spent_s = ask_asynchronously(session, {}, ask_many)
    assert {answer.text for answer in answers} == {"Grüße aus 東京"}
    assert len({request.json["inputs"] for request in wire.requests}) == 200
    assert spent_s < 10


def test_the_event_loop_is_never_blocked(wire, say, session):
    wire.on("stream", say.stream(say.TOKENS[0], 2.5, *say.TOKENS[1:]))

    async def measure(client):
        longest_s = 0.0
        asking = asyncio.create_task(client.generate("Hallo"))
        while not asking.done():
            before_s = time.monotonic()
            await asyncio.sleep(0.001)
            longest_s = max(longest_s, time.monotonic() - before_s)
        await asking
        return longest_s

    # One that waits for the answer would be stopped for 2.5 s; what the first import of a module takes is far less.
    assert ask_asynchronously(session, {}, measure) < 1.5


def signature_of(request, url):
    """What botocore says that the signature of a request must be, from what has arrived of it."""
    names = request.headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    signed = AWSRequest(
        "POST", url + request.path, {name: request.headers[name] for name in names if name != "host"}, request.body
    )
    signed.context["timestamp"] = request.headers["x-amz-date"]
    auth = SigV4Auth(Credentials("test", "test"), "sagemaker", "us-east-1")
    return auth.signature(auth.string_to_sign(signed, auth.canonical_request(signed)), signed)


def test_every_request_is_signed_for_what_it_is(wire, say, session):
    wire.on("stream", say.whole_stream())

    async def ask_often(client):
        for number in range(3):
            await client.generate("Grüße " * (number + 1), inference_id=f"id-{number}")
        await client.generate("Hallo")

    ask_asynchronously(session, {}, ask_often)
    for request in wire.requests:
        assert request.headers["authorization"].endswith(f"Signature={signature_of(request, wire.url)}")
    first, *later, without_id = wire.requests
    own = {"authorization", "content-length", "amz-sdk-invocation-id", "x-amz-date", "x-amzn-sagemaker-inference-id"}
    for request in later:
        assert request.headers.keys() == first.headers.keys()
        changed = {name for name, value in request.headers.items() if value != first.headers[name]}
        assert changed <= own
        assert changed >= {"authorization", "amz-sdk-invocation-id", "x-amzn-sagemaker-inference-id"}
    assert first.headers.keys() - without_id.headers.keys() == {"x-amzn-sagemaker-inference-id"}


def test_credentials_that_expire_are_fetched_outside_of_the_event_loop(wire, say):
    wire.on("stream", say.whole_stream())
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    fetched_in = []

    def fetch():
        fetched_in.append(threading.current_thread())
        expiry = (now[0] + timedelta(hours=1)).isoformat()
        return {"access_key": "KEY2", "secret_key": "s", "token": "t", "expiry_time": expiry}

    core = botocore.session.Session()
    core._credentials = RefreshableCredentials(
        "KEY1", "s", "t", now[0] + timedelta(hours=1), fetch, "test", time_fetcher=lambda: now[0]
    )
    session = boto3.session.Session(botocore_session=core, region_name="us-east-1")

    async def ask_for_hours(client):
        for _ in range(2):
            await client.generate("Hallo")
        now[0] += timedelta(hours=2)
        for _ in range(2):
            await client.generate("Hallo")

    ask_asynchronously(session, {}, ask_for_hours)
    assert len(fetched_in) == 1
    assert threading.current_thread() not in fetched_in
    keys = [request.headers["authorization"].split("Credential=")[1].split("/")[0] for request in wire.requests]
    assert keys == ["KEY1", "KEY1", "KEY2", "KEY2"]


@pytest.mark.parametrize("ask", [ask_blocking, ask_asynchronously])
def test_both_ask_the_component_of_an_adapter(wire, say, session, ask):
    wire.on("stream", say.whole_stream())
    address = ic.EndpointAddress(endpoint_name="twin", adapters=("ada",), adapter_components={"ada": "llm-ada"})
    parameters = ic.GenerationParameters(adapter_id="ada")
    ask(session, {}, lambda client: client.generate("Hallo", parameters=parameters), address)
    (request,) = wire.requests
    assert request.headers["x-amzn-sagemaker-inference-component"] == "llm-ada"
