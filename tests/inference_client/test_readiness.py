import pytest

import inference_client as ic


def component(say, status, **fields):
    names = {"InferenceComponentName": "llm", "EndpointName": "twin", "CreationTime": 0, "LastModifiedTime": 0}
    return say.json({**names, "InferenceComponentStatus": status, **fields})


def endpoint(say, status, **fields):
    return say.json(
        {"EndpointName": "twin", "EndpointStatus": status, "CreationTime": 0, "LastModifiedTime": 0, **fields}
    )


def test_it_waits_for_the_component_and_then_for_the_endpoint(wire, say, client):
    wire.on("DescribeInferenceComponent", component(say, "Creating"), component(say, "InService"))
    wire.on("DescribeEndpoint", endpoint(say, "Updating"), endpoint(say, "InService"))
    waits = []
    client.wait_until_in_service(timeout_s=20, poll_s=0.02, on_wait=waits.append)
    assert [wait.reason for wait in waits] == ["component llm is Creating", "endpoint twin is Updating"]


def test_a_failed_component_gives_sagemakers_reason(wire, say, client):
    wire.on("DescribeInferenceComponent", component(say, "Failed", FailureReason="The container did not pass the ping"))
    with pytest.raises(ic.DeploymentFailedError, match="component llm is Failed: The container did not pass the ping"):
        client.wait_until_in_service(timeout_s=20)


def test_a_failed_endpoint_gives_sagemakers_reason(wire, say, client):
    wire.on("DescribeInferenceComponent", component(say, "InService"))
    wire.on("DescribeEndpoint", endpoint(say, "Failed", FailureReason="No instance of ml.g5.2xlarge"))
    with pytest.raises(ic.DeploymentFailedError, match=r"endpoint twin is Failed: No instance of ml\.g5\.2xlarge"):
        client.wait_until_in_service(timeout_s=20)


def test_the_wait_ends_with_the_last_status(wire, say, client):
    wire.on("DescribeInferenceComponent", component(say, "Creating"))
    with pytest.raises(ic.NotInServiceError, match="component llm is Creating after"):
        client.wait_until_in_service(timeout_s=0.1, poll_s=0.04)
    assert 2 <= wire.count("DescribeInferenceComponent") <= 4


def test_an_endpoint_that_does_not_exist_is_said_so(wire, say, client):
    wire.on(
        "DescribeInferenceComponent",
        say.aws_error("ValidationException", 400, 'Could not find inference component "llm".'),
    )
    with pytest.raises(ic.ComponentNotFoundError, match="llm"):
        client.wait_until_in_service(timeout_s=0)
