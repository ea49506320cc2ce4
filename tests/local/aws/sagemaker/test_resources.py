import gzip
import io
import tarfile
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from local.aws.cloudformation.provider import (
    PartlyProvisionedError,
    ProvisionedResource,
    ProvisioningError,
    ResourceProvider,
    ResourceRequest,
)
from local.aws.sagemaker.resources import providers
from tests.local.aws.sagemaker.rig import ACCOUNT, IMAGE, ROLE, Deployed, Rig, eventually, specification

SCOPE = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"


class Stack:
    """The resources of a stack, made and changed by hand."""

    def __init__(self, rig: Rig) -> None:
        self._providers = providers(rig.sagemaker)
        self.made: dict[str, ProvisionedResource] = {}
        self.last: dict[str, dict[str, Any]] = {}

    def provider(self, type_: str) -> ResourceProvider:
        return self._providers[f"AWS::SageMaker::{type_}"]

    def request(self, type_: str, properties: dict[str, Any]) -> ResourceRequest:
        return ResourceRequest(
            logical_id=type_,
            resource_type=f"AWS::SageMaker::{type_}",
            properties=properties,
            account_id=ACCOUNT,
            region="us-east-1",
            stack_name="stack",
            stack_id="id",
            generated_name=f"stack-{type_}-1",
        )

    def put(self, type_: str, **properties: Any) -> ProvisionedResource:
        request = self.request(type_, properties)
        there = self.made.get(type_)
        provider = self.provider(type_)
        self.made[type_] = provider.create(request) if there is None else provider.update(request, there)
        self.last[type_] = properties
        return self.made[type_]

    def delete(self, type_: str) -> None:
        self.provider(type_).delete(self.request(type_, self.last[type_]), self.made[type_])

    def all(self, *, copies: int | str = 1, **environment: Any) -> None:
        model = self.put("Model", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE, "Environment": environment})
        variant = {"VariantName": "AllTraffic", "InstanceType": "ml.g5.2xlarge", "InitialInstanceCount": "1"}
        scaling = {"Status": "ENABLED", "MinInstanceCount": "0", "MaxInstanceCount": "4"}
        config = self.put(
            "EndpointConfig",
            ExecutionRoleArn=ROLE,
            ProductionVariants=[{**variant, "ManagedInstanceScaling": scaling}],
        )
        self.put("Endpoint", EndpointConfigName=config.attributes["EndpointConfigName"], EndpointName="twin")
        self.component(str(model.attributes["ModelName"]), copies=copies)

    def component(self, model: str, *, copies: int | str = 1, **properties: Any) -> ProvisionedResource:
        return self.put(
            "InferenceComponent",
            InferenceComponentName="twin",
            EndpointName="twin",
            VariantName="AllTraffic",
            Specification=specification(model),
            RuntimeConfig={"CopyCount": copies},
            **properties,
        )


@pytest.fixture
def stack(rig: Rig) -> Stack:
    return Stack(rig)


def test_a_stack_is_made_of_refs_and_attributes_as_on_aws(stack: Stack, deployed: Deployed) -> None:
    stack.all(copies="2", SM_NUM_GPUS=1)
    refs = {type_: resource.physical_id for type_, resource in stack.made.items()}
    assert refs == {
        "Model": f"{SCOPE}:model/stack-model-1",
        "EndpointConfig": f"{SCOPE}:endpoint-config/stack-endpointconfig-1",
        "Endpoint": f"{SCOPE}:endpoint/twin",
        "InferenceComponent": f"{SCOPE}:inference-component/twin",
    }
    assert stack.made["Model"].attributes["ModelName"] == "stack-Model-1"
    assert stack.made["Endpoint"].attributes["EndpointName"] == "twin"
    attributes = stack.made["InferenceComponent"].attributes
    assert attributes["InferenceComponentArn"] == refs["InferenceComponent"]
    assert attributes["InferenceComponentStatus"] == "InService"
    assert attributes["RuntimeConfig.CurrentCopyCount"] == 2
    found = deployed.sm.describe_inference_component(InferenceComponentName="twin")
    assert found["RuntimeConfig"]["CurrentCopyCount"] == 2
    assert found["Specification"]["Container"]["Environment"] == {"SM_NUM_GPUS": "1"}


def test_a_stack_is_deleted_back_to_nothing(rig: Rig, stack: Stack, deployed: Deployed) -> None:
    stack.all()
    for type_ in ("InferenceComponent", "Endpoint", "EndpointConfig", "Model"):
        stack.delete(type_)
        stack.delete(type_)
    assert rig.sagemaker.copies() == []
    assert deployed.sm.list_endpoints()["Endpoints"] == []
    assert deployed.sm.list_models()["Models"] == []
    assert deployed.sm.list_endpoint_configs()["EndpointConfigs"] == []


def test_a_component_that_does_not_come_up_is_left_for_the_rollback(stack: Stack, deployed: Deployed) -> None:
    with pytest.raises(PartlyProvisionedError, match="no such model") as failure:
        stack.all(EXIT_CODE=1, MESSAGE="no such model")
    left = failure.value.resource
    assert left.physical_id == f"{SCOPE}:inference-component/twin"
    request = stack.request("InferenceComponent", {})
    stack.provider("InferenceComponent").delete(request, left)
    assert deployed.sm.list_inference_components()["InferenceComponents"] == []


def test_a_refused_resource_leaves_nothing(stack: Stack, deployed: Deployed) -> None:
    with pytest.raises(ProvisioningError, match="Could not assume role") as failure:
        stack.put("Model", ExecutionRoleArn=f"{ROLE}x", PrimaryContainer={"Image": IMAGE})
    assert not isinstance(failure.value, PartlyProvisionedError)
    with pytest.raises(ProvisioningError, match="unsupported property Colour"):
        stack.put("Model", Colour="red")
    assert deployed.sm.list_models()["Models"] == []


def test_a_scaled_count_survives_an_update_of_anything_else(rig: Rig, stack: Stack, deployed: Deployed) -> None:
    stack.all(copies=1)
    deployed.sm.update_inference_component_runtime_config(
        InferenceComponentName="twin", DesiredRuntimeConfig={"CopyCount": 3}
    )
    deployed.settled()
    deployed.model("newer", NAME="new")
    stack.component("newer", copies="1", Tags=[{"Key": "a", "Value": "b"}])
    found = deployed.settled()
    assert found["RuntimeConfig"] == {"DesiredCopyCount": 3, "CurrentCopyCount": 3}
    assert found["Specification"]["ModelName"] == "newer"
    assert deployed.sm.list_tags(ResourceArn=found["InferenceComponentArn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    stack.component("newer", copies=2)
    assert deployed.settled()["RuntimeConfig"] == {"DesiredCopyCount": 2, "CurrentCopyCount": 2}


def test_an_update_that_changes_nothing_touches_no_copy(rig: Rig, stack: Stack) -> None:
    stack.all()
    before = [copy["copy_id"] for copy in rig.sagemaker.copies()]
    stack.component("stack-Model-1", copies="1")
    assert [copy["copy_id"] for copy in rig.sagemaker.copies()] == before


def test_a_broken_update_fails_and_what_was_there_serves_on(rig: Rig, stack: Stack, deployed: Deployed) -> None:
    stack.all(copies=2)
    before = {copy["copy_id"] for copy in rig.sagemaker.copies()}
    deployed.model("broken", EXIT_CODE="1", MESSAGE="CUDA out of memory")
    properties = stack.last["InferenceComponent"]
    with pytest.raises(ProvisioningError, match="CUDA out of memory"):
        stack.component("broken", copies=3)
    found = deployed.settled()
    assert found["Specification"]["ModelName"] == "stack-Model-1"
    assert found["RuntimeConfig"] == {"DesiredCopyCount": 2, "CurrentCopyCount": 2}
    stack.put("InferenceComponent", **properties)
    assert {copy["copy_id"] for copy in rig.sagemaker.copies()} == before


def test_an_update_that_an_alarm_takes_back_fails(rig: Rig, stack: Stack, deployed: Deployed) -> None:
    stack.all(copies=2)
    deployed.model("newer", NAME="new")
    rig.client("cloudwatch").put_metric_alarm(
        AlarmName="errors",
        MetricName="Invocation5XXErrors",
        Namespace="AWS/SageMaker",
        Period=60,
        EvaluationPeriods=1,
        Threshold=3,
        Statistic="Sum",
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    one = {"Type": "COPY_COUNT", "Value": "1"}
    rolling = {"MaximumBatchSize": one, "RollbackMaximumBatchSize": one, "WaitIntervalInSeconds": "600"}
    watched = {"Alarms": [{"AlarmName": "errors"}]}

    def ring() -> None:
        described = deployed.sm.describe_inference_component
        eventually(
            lambda: described(InferenceComponentName="twin")["InferenceComponentStatus"] == "Updating", timeout_s=20
        )
        rig.client("cloudwatch").set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="test")

    ringing = threading.Thread(target=ring)
    ringing.start()
    with pytest.raises(ProvisioningError, match="CloudWatch alarm errors is in ALARM"):
        stack.component(
            "newer", copies=2, DeploymentConfig={"RollingUpdatePolicy": rolling, "AutoRollbackConfiguration": watched}
        )
    ringing.join()
    found = deployed.settled()
    assert found["Specification"]["ModelName"] == "stack-Model-1"
    assert found["RuntimeConfig"] == {"DesiredCopyCount": 2, "CurrentCopyCount": 2}


def test_what_cannot_change_is_refused(stack: Stack) -> None:
    stack.all()
    with pytest.raises(ProvisioningError, match="EndpointName of an inference component cannot change"):
        stack.put("InferenceComponent", **{**stack.last["InferenceComponent"], "EndpointName": "other"})


def test_an_endpoint_goes_over_to_another_config(stack: Stack, deployed: Deployed) -> None:
    stack.all()
    deployed.config("larger", most=8)
    stack.put("Endpoint", EndpointConfigName="larger", EndpointName="twin")
    found = deployed.sm.describe_endpoint(EndpointName="twin")
    assert (found["EndpointConfigName"], found["EndpointStatus"]) == ("larger", "InService")


def test_a_component_that_is_being_scaled_is_deleted_after_it(stack: Stack, deployed: Deployed) -> None:
    stack.all(START_DELAY_S="0.4")
    deployed.sm.update_inference_component_runtime_config(
        InferenceComponentName="twin", DesiredRuntimeConfig={"CopyCount": 3}
    )
    stack.delete("InferenceComponent")
    assert deployed.sm.list_inference_components()["InferenceComponents"] == []


def test_a_deployment_that_is_under_way_ends_when_the_local_aws_does(rig: Rig, stack: Stack) -> None:
    failures: list[Exception] = []

    def deploy() -> None:
        try:
            stack.all(NEVER_READY="1")
        except ProvisioningError as error:
            failures.append(error)

    deploying = threading.Thread(target=deploy)
    deploying.start()
    while not rig.sagemaker.copies():
        time.sleep(0.02)
    rig.sagemaker.close()
    deploying.join(5)
    assert not deploying.is_alive()
    assert "shutting down" in str(failures[0])


ARTIFACT = "s3://twin-adapters/ada/{}.tar.gz"


@pytest.fixture
def adapters(rig: Rig) -> Stack:
    """A stack of its own: the resources of one are told apart by their types."""
    return Stack(rig)


@pytest.fixture
def put_adapter(rig: Rig, stack: Stack, adapters: Stack) -> Callable[[int], ProvisionedResource]:
    stack.all(ADAPTERS="1")
    s3 = rig.client("s3")
    s3.create_bucket(Bucket="twin-adapters")
    s3.put_object(Bucket="twin-adapters", Key="ada/1.tar.gz", Body=gzip.compress(bytes(1024)))
    s3.put_object(Bucket="twin-adapters", Key="ada/2.tar.gz", Body=gzip.compress(bytes(1024)))
    s3.put_object(Bucket="twin-adapters", Key="ada/3.tar.gz", Body=b"no archive")
    s3.put_object(Bucket="twin-adapters", Key="ada/4.tar.gz", Body=_archive_of("../../outside"))

    def put(version: int) -> ProvisionedResource:
        container = {"ArtifactUrl": ARTIFACT.format(version)}
        return adapters.put(
            "InferenceComponent",
            InferenceComponentName="ada",
            EndpointName="twin",
            Specification={"BaseInferenceComponentName": "twin", "Container": container},
        )

    return put


def test_one_is_made_changed_and_deleted_before_its_base(
    stack: Stack, adapters: Stack, deployed: Deployed, put_adapter: Callable[[int], ProvisionedResource]
) -> None:
    made = put_adapter(1)
    assert made.physical_id == f"{SCOPE}:inference-component/ada"
    assert made.attributes["InferenceComponentStatus"] == "InService"
    put_adapter(2)
    found = deployed.sm.describe_inference_component(InferenceComponentName="ada")
    assert found["Specification"]["Container"]["ArtifactUrl"] == ARTIFACT.format(2)
    with pytest.raises(ProvisioningError, match="while adapters use it: ada"):
        stack.delete("InferenceComponent")
    adapters.delete("InferenceComponent")
    adapters.delete("InferenceComponent")
    stack.delete("InferenceComponent")
    assert deployed.sm.list_inference_components()["InferenceComponents"] == []


def _archive_of(name: str) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return file.getvalue()


@pytest.mark.parametrize(("version", "why"), [(3, "gzip"), (4, "'../../outside' is no file in its folder")])
def test_a_version_that_cannot_be_read_fails_and_the_one_before_stays(
    deployed: Deployed, put_adapter: Callable[[int], ProvisionedResource], version: int, why: str
) -> None:
    put_adapter(1)
    with pytest.raises(ProvisioningError, match=f"Could not extract the model data.*{why}"):
        put_adapter(version)
    found = deployed.sm.describe_inference_component(InferenceComponentName="ada")
    assert found["Specification"]["Container"]["ArtifactUrl"] == ARTIFACT.format(1)
