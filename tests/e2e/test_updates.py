"""What a deploy does to an endpoint that is in use: by the real CDK CLI, under a constant load of streams."""

import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.copies import list_copies
from cli.environment import LocalEnvironment
from cli.errors import ToolFailedError
from cli.rehearsal import Rehearsal
from inference_client import EndpointAddress
from tests.e2e.assembly import rewrite_template, synthesize
from tests.e2e.streams import Streams

OLD = "HuggingFaceTB/SmolLM2-135M-Instruct"
NEW = "HuggingFaceTB/SmolLM2-360M-Instruct"


class Endpoint:
    """The deployed endpoint, as anybody sees it."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.stack_name = rehearsal.stack_names()[0]
        self.address = EndpointAddress.from_stack(self.stack_name)
        self._sagemaker = boto3.client("sagemaker")

    def scale(self, copies: int) -> None:
        """What Application Auto Scaling does."""
        self._sagemaker.update_inference_component_runtime_config(
            InferenceComponentName=self.address.inference_component_name, DesiredRuntimeConfig={"CopyCount": copies}
        )
        deadline = time.monotonic() + 60
        while self.describe()["InferenceComponentStatus"] != "InService":
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def describe(self) -> dict[str, Any]:
        found: dict[str, Any] = self._sagemaker.describe_inference_component(
            InferenceComponentName=self.address.inference_component_name
        )
        return found

    def counts(self) -> tuple[int, int]:
        """Copies that there should be, and that take requests."""
        counts = self.describe()["RuntimeConfig"]
        return counts["DesiredCopyCount"], counts["CurrentCopyCount"]

    def stack_status(self) -> str:
        status: str = boto3.client("cloudformation").describe_stacks(StackName=self.stack_name)["Stacks"][0][
            "StackStatus"
        ]
        return status


@pytest.fixture(scope="module")
def newer(rehearsal: Rehearsal, outputs: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    """The same deployment with another model and other limits."""
    return rewrite_template(
        rehearsal,
        tmp_path_factory.mktemp("newer"),
        (f'"{OLD}"', f'"{NEW}"'),
        ('"MAX_CONCURRENT_REQUESTS": "32"', '"MAX_CONCURRENT_REQUESTS": "24"'),
    )


@pytest.fixture
def endpoint(rehearsal: Rehearsal, local_environment: LocalEnvironment, outputs: dict[str, str]) -> Endpoint:
    return Endpoint(rehearsal)


@pytest.mark.timeout(300)
def test_an_unchanged_deploy_restarts_nothing(endpoint: Endpoint, rehearsal: Rehearsal) -> None:
    before = {copy.pid for copy in list_copies()}
    rehearsal.deploy_assembly()
    assert {copy.pid for copy in list_copies()} == before


@pytest.mark.timeout(300)
def test_another_model_and_limits_are_rolled_out_without_a_stream_that_fails_and_leave_the_scaled_copy_count(
    endpoint: Endpoint, newer: Rehearsal
) -> None:
    endpoint.scale(2)
    before = {copy.pid for copy in list_copies() if copy.status == "InService"}
    assert len(before) == 2
    with Streams(lambda: endpoint.address) as streams:
        streams.wait_for(OLD)
        newer.deploy_assembly()
        deployed_at = time.monotonic()
        streams.wait_for(NEW)
        while len(streams.models(since=deployed_at)) == 0:
            time.sleep(0.05)
    assert streams.failures == []
    assert streams.models() == {OLD, NEW}
    assert streams.models(since=deployed_at) == {NEW}
    assert endpoint.counts() == (2, 2)
    assert before.isdisjoint(copy.pid for copy in list_copies() if copy.status == "InService")


@pytest.mark.timeout(300)
def test_a_model_that_does_not_come_up_is_rolled_back_and_the_old_copies_have_served_throughout(
    endpoint: Endpoint, newer: Rehearsal, tmp_path: Path
) -> None:
    newer.deploy_assembly()
    endpoint.scale(2)
    before = {copy.pid for copy in list_copies() if copy.status == "InService"}
    broken = rewrite_template(newer, tmp_path, (f'"{NEW}"', '"llm-twin/does-not-exist"'))
    with Streams(lambda: endpoint.address) as streams:
        streams.wait_for(NEW)
        with pytest.raises(ToolFailedError, match="does-not-exist"):
            broken.deploy_assembly()
    assert endpoint.stack_status() == "UPDATE_ROLLBACK_COMPLETE"
    assert streams.failures == []
    assert streams.models() == {NEW}
    assert endpoint.counts() == (2, 2)
    assert {copy.pid for copy in list_copies()} == before


@pytest.mark.timeout(300)
def test_another_instance_type_is_a_second_endpoint_before_the_first_one_goes(
    endpoint: Endpoint, rehearsal: Rehearsal, tmp_path: Path
) -> None:
    sagemaker = boto3.client("sagemaker")
    larger = synthesize(rehearsal, tmp_path, instance_type="ml.g5.2xlarge")
    parameters = f"/llm-twin/{rehearsal.stage}"
    with Streams(lambda: EndpointAddress.from_ssm(parameters), look_again=True) as streams:
        larger.deploy_assembly()
        deployed_at = time.monotonic()
        while len(streams.models(since=deployed_at)) == 0:
            time.sleep(0.05)
    after = EndpointAddress.from_stack(endpoint.stack_name)
    assert streams.failures == []
    assert 0 < streams.refused <= 3  # each caller once
    assert after.endpoint_name != endpoint.address.endpoint_name
    (left,) = sagemaker.list_endpoints()["Endpoints"]
    (component,) = sagemaker.list_inference_components()["InferenceComponents"]
    assert left["EndpointName"] == after.endpoint_name
    assert component["InferenceComponentName"] == after.inference_component_name
    config = sagemaker.describe_endpoint(EndpointName=after.endpoint_name)["EndpointConfigName"]
    (variant,) = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    assert variant["InstanceType"] == "ml.g5.2xlarge"
