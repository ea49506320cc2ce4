import http.client
import json
import threading
import time
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from botocore.exceptions import ClientError, EventStreamError

from tests.local.aws.sagemaker.rig import SCOPE, Deployed, Rig, eventually


def stream(rig: Rig, body: dict[str, Any], **params: Any) -> dict[str, Any]:
    client = rig.client("sagemaker-runtime", max_pool_connections=50)
    answer: dict[str, Any] = client.invoke_endpoint_with_response_stream(
        EndpointName="twin",
        InferenceComponentName="twin",
        ContentType="application/json",
        Body=json.dumps(body),
        **params,
    )
    return answer


def events(rig: Rig, body: dict[str, Any]) -> list[tuple[dict[str, Any], bytes]]:
    """Headers and payloads of a stream's frames; boto3 does not show a ModelStreamError's ErrorCode."""
    connection = http.client.HTTPConnection("127.0.0.1", rig.port, timeout=10)
    headers = {"Authorization": SCOPE, "X-Amzn-SageMaker-Inference-Component": "twin"}
    connection.request("POST", "/endpoints/twin/invocations-response-stream", json.dumps(body), headers)
    buffer = EventStreamBuffer()
    buffer.add_data(connection.getresponse().read())
    connection.close()
    return [(event.headers, event.payload) for event in buffer]


def read(answer: dict[str, Any]) -> bytes:
    return b"".join(event["PayloadPart"]["Bytes"] for event in answer["Body"])


def test_the_parts_are_the_containers_bytes(rig: Rig, deployed: Deployed) -> None:
    deployed.all()
    parts = ["data: é\n\n", "x" * 100_000, "\x00\x01", "data: end\n\n"]
    answer = stream(rig, {"do": "stream", "parts": parts})
    assert answer["ContentType"] == "text/event-stream"
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    assert read(answer) == "".join(parts).encode()
    eventually(lambda: rig.outstanding() == [0])


def test_parts_arrive_as_they_are_made(rig: Rig, deployed: Deployed) -> None:
    deployed.all()
    answer = stream(rig, {"do": "stream", "parts": ["a", "b", "c"], "interval_s": 0.3})
    arrivals = [(event["PayloadPart"]["Bytes"], time.monotonic()) for event in answer["Body"]]
    assert [part for part, _ in arrivals] == [b"a", b"b", b"c"]
    assert arrivals[1][1] - arrivals[0][1] > 0.2
    assert arrivals[2][1] - arrivals[1][1] > 0.2


def test_an_answer_that_is_no_stream_is_one_too(rig: Rig, deployed: Deployed) -> None:
    deployed.all()
    answer = stream(rig, {"do": "echo"})
    assert answer["ContentType"] == "application/json"
    assert "pid" in json.loads(read(answer))


def test_the_accept_of_a_stream_reaches_the_container(rig: Rig, deployed: Deployed) -> None:
    deployed.all()
    answer = stream(rig, {"do": "headers"}, Accept="text/event-stream")
    assert json.loads(read(answer))["accept"] == "text/event-stream"


def test_an_error_before_the_first_byte_is_a_model_error(rig: Rig, deployed: Deployed) -> None:
    deployed.all()
    with pytest.raises(ClientError) as refusal:
        stream(rig, {"do": "status", "status": 429, "text": '{"error": "Model is overloaded"}'})
    response: dict[str, Any] = refusal.value.response
    assert (response["Error"]["Code"], response["OriginalStatusCode"]) == ("ModelError", 429)
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424


def test_a_stream_that_breaks_ends_in_a_model_stream_error(rig: Rig, deployed: Deployed) -> None:
    deployed.all()
    body = {"do": "stream", "parts": ["a", "b", "c"], "break_after": 2, "interval_s": 0.05}
    with pytest.raises(EventStreamError, match=r"\(ModelStreamError\).*reset or closed"):
        read(stream(rig, body))
    *parts, (headers, payload) = events(rig, body)
    assert b"".join(part for _, part in parts) == b"ab"
    assert (headers[":message-type"], headers[":exception-type"]) == ("exception", "ModelStreamError")
    assert json.loads(payload)["ErrorCode"] == "StreamBroken"
    eventually(lambda: rig.outstanding() == [0])


def test_a_stream_that_takes_too_long_ends_in_a_model_stream_error(hurried: Rig) -> None:
    Deployed(hurried).all()
    begin = time.monotonic()
    *parts, (headers, payload) = events(hurried, {"do": "stream", "parts": ["a"] * 100, "interval_s": 0.1})
    assert 1.8 < time.monotonic() - begin < 5
    assert len(parts) > 10
    assert headers[":exception-type"] == "ModelStreamError"
    assert json.loads(payload)["ErrorCode"] == "ModelInvocationTimeExceeded"
    eventually(lambda: hurried.counts()["aborted"] == 1)
    eventually(lambda: hurried.outstanding() == [0])


@pytest.mark.parametrize("interval_s", [0.05, 30])
def test_a_caller_that_leaves_stops_the_model(rig: Rig, deployed: Deployed, interval_s: float) -> None:
    """Whether tokens flow or the model is silent."""
    deployed.all()
    connection = http.client.HTTPConnection("127.0.0.1", rig.port, timeout=5)
    body = json.dumps({"do": "stream", "parts": ["a"] * 1000, "interval_s": interval_s})
    headers = {"Authorization": SCOPE, "X-Amzn-SageMaker-Inference-Component": "twin"}
    connection.request("POST", "/endpoints/twin/invocations-response-stream", body, headers)
    response = connection.getresponse()
    assert response.read(10)
    assert rig.outstanding() == [1]
    response.close()
    connection.close()
    eventually(lambda: rig.outstanding() == [0])
    if interval_s < 1:
        eventually(lambda: rig.counts()["aborted"] == 1)


def test_many_streams_at_once_lose_nothing(rig: Rig, deployed: Deployed) -> None:
    deployed.all(copies=2)
    parts = [f"{number} " for number in range(40)]
    answers: list[bytes] = []

    def ask() -> None:
        answers.append(read(stream(rig, {"do": "stream", "parts": parts, "interval_s": 0.005})))

    threads = [threading.Thread(target=ask) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) == {"".join(parts).encode()}
    assert len(answers) == 40
    eventually(lambda: rig.outstanding() == [0, 0])
