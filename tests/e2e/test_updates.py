"""What a deploy does to an endpoint that is in use: by the real CDK CLI, under a constant load of streams."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.copies import list_copies
from cli.errors import ToolFailedError
from cli.rehearsal import Rehearsal
from inference_client import EndpointAddress
from tests.e2e.assembly import rewrite_template, with_instance_type
from tests.e2e.streams import Streams

OLD = "HuggingFaceTB/SmolLM2-135M-Instruct"
NEW = "HuggingFaceTB/SmolLM2-360M-Instruct"

AsClient = Callable[[], AbstractContextManager[None]]


class Endpoint:
    """The deployed endpoint, as anybody sees it."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        self.stack_name = rehearsal.stack_names()[0]
        self.address = EndpointAddress.from_stack(self.stack_name)
        self._component = self.address.inference_component_name or ""
        self._sagemaker: Any = boto3.client("sagemaker")

    def scale(self, copies: int) -> None:
        """What Application Auto Scaling does."""
        self._sagemaker.update_inference_component_runtime_config(
            InferenceComponentName=self._component, DesiredRuntimeConfig={"CopyCount": copies}
        )
        deadline = time.monotonic() + 60
        while self.describe()["InferenceComponentStatus"] != "InService":
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def describe(self) -> dict[str, Any]:
        found: dict[str, Any] = self._sagemaker.describe_inference_component(InferenceComponentName=self._component)
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
def endpoint(rehearsal: Rehearsal, as_client: AsClient, outputs: dict[str, str]) -> Endpoint:
    with as_client():
        return Endpoint(rehearsal)


@dataclass(frozen=True, kw_only=True)
class Update:
    """A deploy of another model and other limits, with two copies where the template says one, under load."""

    rehearsal: Rehearsal
    pids_before: set[int]
    streams: Streams
    over_at: float


@pytest.fixture(scope="module")
def update(
    endpoint: Endpoint, rehearsal: Rehearsal, as_client: AsClient, tmp_path_factory: pytest.TempPathFactory
) -> Update:
    newer = rewrite_template(
        rehearsal,
        tmp_path_factory.mktemp("newer"),
        (f'"{OLD}"', f'"{NEW}"'),
        ('"MAX_CONCURRENT_REQUESTS": "32"', '"MAX_CONCURRENT_REQUESTS": "24"'),
    )
    with as_client():
        endpoint.scale(2)
        pids = pids_in_service()
        assert len(pids) == 2
        with Streams(lambda: endpoint.address) as streams:
            streams.wait_for(OLD)
            newer.deploy_assembly()
            over_at = time.monotonic()
            streams.wait_for(NEW, since=over_at)
    return Update(rehearsal=newer, pids_before=pids, streams=streams, over_at=over_at)


def pids_in_service() -> set[int]:
    return {copy.pid for copy in list_copies() if copy.status == "InService"}


@pytest.mark.timeout(300)
def test_an_unchanged_deploy_restarts_nothing(endpoint: Endpoint, rehearsal: Rehearsal) -> None:
    before = pids_in_service()
    rehearsal.deploy_assembly()
    assert pids_in_service() == before


@pytest.mark.timeout(300)
def test_another_model_and_other_limits_are_rolled_out_without_a_stream_that_fails(update: Update) -> None:
    assert update.streams.failures == []
    assert update.streams.models() == {OLD, NEW}
    assert update.streams.models(since=update.over_at) == {NEW}
    assert update.pids_before.isdisjoint(pids_in_service())


def test_the_copy_count_that_scaling_had_set_survives_a_deploy(update: Update, endpoint: Endpoint) -> None:
    assert endpoint.counts() == (2, 2)


@pytest.mark.timeout(300)
def test_a_model_that_does_not_come_up_is_rolled_back_and_the_old_copies_have_served_throughout(
    update: Update, endpoint: Endpoint, tmp_path: Path
) -> None:
    before = pids_in_service()
    broken = rewrite_template(update.rehearsal, tmp_path, (f'"{NEW}"', '"llm-twin/does-not-exist"'))
    with Streams(lambda: endpoint.address) as streams:
        streams.wait_for(NEW)
        with pytest.raises(ToolFailedError, match="does-not-exist"):
            broken.deploy_assembly()
        streams.wait_for(NEW, since=time.monotonic())
    assert endpoint.stack_status() == "UPDATE_ROLLBACK_COMPLETE"
    assert streams.failures == []
    assert streams.models() == {NEW}
    assert endpoint.counts() == (2, 2)
    assert pids_in_service() == before


@pytest.mark.timeout(300)
def test_another_instance_type_is_a_second_endpoint_before_the_first_one_goes(
    endpoint: Endpoint, rehearsal: Rehearsal, tmp_path: Path
) -> None:
    sagemaker = boto3.client("sagemaker")
    larger = with_instance_type(rehearsal, tmp_path, "ml.g5.2xlarge")
    parameters = f"/llm-twin/{rehearsal.stage}"
    with Streams(lambda: EndpointAddress.from_ssm(parameters), look_again=True) as streams:
        larger.deploy_assembly()
        streams.wait_for(OLD, since=time.monotonic())
    after = EndpointAddress.from_stack(endpoint.stack_name)
    assert streams.failures == []
    assert 0 < streams.refused <= 2  # each caller once
    assert after.endpoint_name != endpoint.address.endpoint_name
    (left,) = sagemaker.list_endpoints()["Endpoints"]
    (component,) = sagemaker.list_inference_components()["InferenceComponents"]
    assert left["EndpointName"] == after.endpoint_name
    assert component["InferenceComponentName"] == after.inference_component_name
    config = sagemaker.describe_endpoint(EndpointName=after.endpoint_name)["EndpointConfigName"]
    (variant,) = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    assert variant["InstanceType"] == "ml.g5.2xlarge"
