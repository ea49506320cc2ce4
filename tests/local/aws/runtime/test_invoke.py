import http.client
import json
import os
import signal
import threading
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.sagemaker.rig import ACCOUNT, Deployed, Rig, eventually


def invoke(rig: Rig, body: dict[str, Any] | bytes | None = None, **params: Any) -> dict[str, Any]:
    client = rig.client("sagemaker-runtime", max_pool_connections=50)
    sent = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    given = {"EndpointName": "twin", "InferenceComponentName": "twin", "ContentType": "application/json", **params}
    answer: dict[str, Any] = client.invoke_endpoint(
        Body=sent, **{name: value for name, value in given.items() if value is not None}
    )
    return answer


def refused(rig: Rig, body: dict[str, Any] | bytes | None = None, **params: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as refusal:
        invoke(rig, body, **params)
    response: dict[str, Any] = refusal.value.response
    return response


def test_a_containers_answer_comes_back_with_the_variant_and_the_attributes(rig: Rig, deployed: Deployed) -> None:
    deployed.all(NAME="one")
    answer = invoke(rig, CustomAttributes="trace=7", Accept="application/json")
    told = json.loads(answer["Body"].read())
    assert (told["name"], told["bytes"]) == ("one", 2)
    assert answer["ContentType"] == "application/json"
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    assert answer["CustomAttributes"] == "trace=7"
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36


def test_a_container_gets_the_apis_headers_and_no_others(rig: Rig, deployed: Deployed) -> None:
    deployed.all()
    headers = json.loads(
        invoke(rig, {"do": "headers"}, Accept="text/x", CustomAttributes="a", SessionId="NEW_SESSION", InferenceId="i")[
            "Body"
        ].read()
    )
    assert headers["accept"] == "text/x"
    assert headers["content-type"] == "application/json"
    assert headers["x-amzn-sagemaker-custom-attributes"] == "a"
    assert headers["x-amzn-sagemaker-session-id"] == "NEW_SESSION"
    assert headers["x-amzn-sagemaker-inference-id"] == "i"
    assert "authorization" not in headers
    assert "x-amzn-sagemaker-inference-component" not in headers


@pytest.mark.parametrize(
    ("params", "message", "code"),
    [
        ({"EndpointName": "other"}, f"Endpoint other of account {ACCOUNT} not found.", None),
        ({"EndpointName": "TWIN"}, f"Endpoint TWIN of account {ACCOUNT} not found.", None),
        ({"InferenceComponentName": "other"}, "Inference Component other of account", None),
        (
            {"InferenceComponentName": None},
            "Inference Component Name header is required for endpoints to which you plan to deploy inference",
            "INFERENCE_COMPONENT_NAME_MISSING",
        ),
    ],
)
def test_what_is_not_there_is_a_validation_error(
    rig: Rig, deployed: Deployed, params: dict[str, Any], message: str, code: str | None
) -> None:
    deployed.model()
    deployed.endpoint()
    error = refused(rig, **params)
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert error["Error"]["Code"] == "ValidationError"
    assert error["Error"]["Message"].startswith(message)
    assert error.get("ErrorCode") is None or error["ErrorCode"] == code


def test_each_region_has_its_own_endpoints(rig: Rig, deployed: Deployed) -> None:
    deployed.all()
    with pytest.raises(ClientError, match=r"Endpoint twin of account \d+ not found"):
        rig.client("sagemaker-runtime", region="eu-west-1").invoke_endpoint(
            EndpointName="twin", InferenceComponentName="twin", Body=b"{}"
        )


def test_a_containers_error_is_a_model_error_with_the_original(rig: Rig, deployed: Deployed) -> None:
    deployed.all()
    error = refused(rig, {"do": "status", "status": 422, "text": '{"error": "`inputs` cannot be empty"}'})
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert error["Error"]["Code"] == "ModelError"
    assert error["OriginalStatusCode"] == 422
    assert error["OriginalMessage"] == '{"error": "`inputs` cannot be empty"}'
    group = "/aws/sagemaker/InferenceComponents/twin"
    assert error["LogStreamArn"] == f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{group}"
    assert error["Error"]["Message"] == (
        'Received client error (422) from primary with message "{"error": "`inputs` cannot be empty"}". See '
        f"https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logEventViewer:group={group} "
        f"in account {ACCOUNT} for more information."
    )


def test_a_long_error_of_a_container_is_cut(rig: Rig, deployed: Deployed) -> None:
    deployed.all()
    error = refused(rig, {"do": "status", "status": 500, "text": "x" * 10_000})
    assert error["Error"]["Message"].startswith("Received server error (500) from primary")
    assert len(error["Error"]["Message"]) == len(error["OriginalMessage"]) == 2048


def test_without_a_copy_there_is_no_capacity(rig: Rig, deployed: Deployed) -> None:
    deployed.all()
    deployed.sm.update_inference_component_runtime_config(
        InferenceComponentName="twin", DesiredRuntimeConfig={"CopyCount": 0}
    )
    deployed.settled()
    error = refused(rig)
    assert (error["ResponseMetadata"]["HTTPStatusCode"], error["Error"]["Code"]) == (400, "ValidationError")
    assert error["Error"]["Message"] == (
        "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress (if "
        "configured) or try to increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API."
    )


def test_a_model_that_takes_too_long_is_a_model_error_and_is_stopped(hurried: Rig) -> None:
    Deployed(hurried).all()
    begin = time.monotonic()
    error = refused(hurried, {"do": "sleep", "seconds": 30})
    assert 1.4 < time.monotonic() - begin < 5
    assert (error["Error"]["Code"], error["OriginalStatusCode"]) == ("ModelError", 0)
    assert error["OriginalMessage"].startswith("Your invocation timed out while waiting for a response from container")
    eventually(lambda: hurried.counts()["aborted"] == 1)
    eventually(lambda: hurried.outstanding() == [0])


def test_a_container_that_dies_over_a_request_is_a_model_error(rig: Rig, deployed: Deployed) -> None:
    deployed.all()
    error = refused(rig, {"do": "exit", "code": 9})
    assert error["Error"]["Code"] == "ModelError"
    assert error["OriginalMessage"].endswith("the model process exited.")


def test_a_dead_copy_that_nobody_has_noticed_costs_no_request(rig: Rig, deployed: Deployed) -> None:
    deployed.all(copies=2)
    victim = rig.sagemaker.copies()[0]["pid"]
    failures: list[Exception] = []

    def ask() -> None:
        for _ in range(25):
            try:
                invoke(rig)
            except ClientError as error:
                failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    os.kill(victim, signal.SIGKILL)
    for thread in threads:
        thread.join()
    # A request that was at the victim when it died is lost, as on AWS; none that came after it is.
    assert all("the model process exited" in str(failure) for failure in failures)
    assert len(failures) <= 4


def test_a_body_over_the_limit_is_refused_and_the_largest_passes(rig: Rig, deployed: Deployed) -> None:
    deployed.all()
    largest = b"x" * 6_291_456
    assert json.loads(invoke(rig, largest)["Body"].read())["bytes"] == len(largest)
    error = refused(rig, largest + b"x")
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 413
    assert error["Error"] == {"Code": "413", "Message": "HTTP content length exceeded 6291456 bytes."}


def test_an_asynchronous_invocation_is_refused(rig: Rig) -> None:
    with pytest.raises(ClientError, match="Endpoint twin is not an asynchronous endpoint"):
        rig.client("sagemaker-runtime").invoke_endpoint_async(EndpointName="twin", InputLocation="s3://a/b")


def test_an_unsigned_request_is_refused(rig: Rig) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", rig.port, timeout=5)
    connection.request("POST", "/endpoints/twin/invocations", b"{}")
    response = connection.getresponse()
    assert (response.status, response.headers["x-amzn-ErrorType"]) == (403, "MissingAuthenticationTokenException")
    assert json.loads(response.read()) == {"Message": "Missing Authentication Token"}
    connection.close()


def test_requests_are_spread_over_the_copies_by_what_is_outstanding(rig: Rig, deployed: Deployed) -> None:
    deployed.all(copies=2)
    answers: list[dict[str, Any]] = []

    def ask() -> None:
        answers.append(json.loads(invoke(rig, {"do": "sleep", "seconds": 0.5})["Body"].read()))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pids = [answer["pid"] for answer in answers]
    assert sorted(pids.count(pid) for pid in set(pids)) == [4, 4]
    eventually(lambda: rig.outstanding() == [0, 0])


def test_a_caller_that_leaves_stops_the_model(rig: Rig, deployed: Deployed) -> None:
    deployed.all()
    connection = http.client.HTTPConnection("127.0.0.1", rig.port, timeout=5)
    body = json.dumps({"do": "sleep", "seconds": 30})
    scope = (
        "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/sagemaker/aws4_request, SignedHeaders=host, Signature=0"
    )
    headers = {"Authorization": scope, "X-Amzn-SageMaker-Inference-Component": "twin"}
    connection.request("POST", "/endpoints/twin/invocations", body, headers)
    eventually(lambda: rig.counts()["served"] == 1)
    assert rig.outstanding() == [1]
    connection.close()
    eventually(lambda: rig.counts()["aborted"] == 1)
    eventually(lambda: rig.outstanding() == [0])


def test_a_component_that_is_scaled_in_finishes_what_it_was_asked(rig: Rig, deployed: Deployed) -> None:
    deployed.all()
    answers: list[dict[str, Any]] = []
    asking = threading.Thread(
        target=lambda: answers.append(json.loads(invoke(rig, {"do": "sleep", "seconds": 0.8})["Body"].read()))
    )
    asking.start()
    eventually(lambda: rig.outstanding() == [1])
    deployed.sm.update_inference_component_runtime_config(
        InferenceComponentName="twin", DesiredRuntimeConfig={"CopyCount": 0}
    )
    assert refused(rig)["Error"]["Message"].startswith("Inference Component has no capacity")
    asking.join()
    assert answers[0]["slept"] == 0.8
