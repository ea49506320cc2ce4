import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.sagemaker.rig import ACCOUNT, IMAGE, Deployed, Rig, eventually, specification

ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:inference-component/twin"


def describe(deployed: Deployed, name: str = "twin") -> dict[str, Any]:
    found: dict[str, Any] = deployed.sm.describe_inference_component(InferenceComponentName=name)
    return found


def scale(deployed: Deployed, copies: int) -> None:
    deployed.sm.update_inference_component_runtime_config(
        InferenceComponentName="twin", DesiredRuntimeConfig={"CopyCount": copies}
    )


def test_is_creating_until_its_copies_answer_and_in_service_after(deployed: Deployed) -> None:
    deployed.model(START_DELAY_S="0.4")
    deployed.endpoint()
    deployed.component(copies=2, wait=False)
    creating = describe(deployed)
    assert creating["InferenceComponentStatus"] == "Creating"
    assert creating["RuntimeConfig"] == {"DesiredCopyCount": 2, "CurrentCopyCount": 0}
    serving = deployed.settled()
    assert serving["InferenceComponentStatus"] == "InService"
    assert serving["RuntimeConfig"] == {"DesiredCopyCount": 2, "CurrentCopyCount": 2}
    assert serving["LastModifiedTime"] > serving["CreationTime"]
    assert "FailureReason" not in serving


def test_is_described_in_awss_shape(deployed: Deployed) -> None:
    deployed.all(HF_MODEL_ID="twin/model")
    found = describe(deployed)
    assert found["InferenceComponentArn"] == ARN
    assert (found["EndpointName"], found["VariantName"]) == ("twin", "AllTraffic")
    assert found["Specification"]["ModelName"] == "twin"
    assert found["Specification"]["ComputeResourceRequirements"] == {
        "NumberOfAcceleratorDevicesRequired": 1.0,
        "MinMemoryRequiredInMb": 1024,
    }
    container = found["Specification"]["Container"]
    assert container["Environment"] == {"HF_MODEL_ID": "twin/model"}
    assert container["DeployedImage"]["SpecifiedImage"] == IMAGE
    assert container["DeployedImage"]["ResolvedImage"] == IMAGE


def test_can_bring_its_container_itself(deployed: Deployed) -> None:
    deployed.endpoint()
    needs = specification()["ComputeResourceRequirements"]
    deployed.sm.create_inference_component(
        InferenceComponentName="twin",
        EndpointName="twin",
        Specification={
            "Container": {"Image": IMAGE, "Environment": {"NAME": "own"}},
            "ComputeResourceRequirements": needs,
            "StartupParameters": {"ContainerStartupHealthCheckTimeoutInSeconds": 60},
        },
        RuntimeConfig={"CopyCount": 1},
    )
    found = deployed.settled()
    assert found["InferenceComponentStatus"] == "InService"
    assert found["Specification"]["StartupParameters"] == {"ContainerStartupHealthCheckTimeoutInSeconds": 60}


def test_fails_with_the_containers_last_words(deployed: Deployed) -> None:
    deployed.model(EXIT_CODE="1", MESSAGE="RepositoryNotFoundError: 404 for twin/missing")
    deployed.endpoint()
    deployed.component(wait=False)
    failed = deployed.settled()
    assert failed["InferenceComponentStatus"] == "Failed"
    assert failed["FailureReason"].endswith("RepositoryNotFoundError: 404 for twin/missing")
    assert failed["RuntimeConfig"] == {"DesiredCopyCount": 1, "CurrentCopyCount": 0}
    deployed.sm.delete_inference_component(InferenceComponentName="twin")
    gone(deployed)


def test_what_its_copies_print_is_in_cloudwatch_logs(rig: Rig, deployed: Deployed) -> None:
    deployed.all(NAME="printed")
    events = rig.client("logs").filter_log_events(logGroupName="/aws/sagemaker/InferenceComponents/twin")["events"]
    assert [event["message"] for event in events] == ["container printed starts"]
    (copy,) = rig.sagemaker.copies()
    assert events[0]["logStreamName"] == f"AllTraffic/{copy['copy_id']}"


def test_scales_to_zero_and_back(rig: Rig, deployed: Deployed) -> None:
    deployed.all()
    for copies in (0, 2):
        scale(deployed, copies)
        found = deployed.settled()
        assert found["RuntimeConfig"] == {"DesiredCopyCount": copies, "CurrentCopyCount": copies}
        eventually(lambda copies=copies: len(rig.sagemaker.copies()) == copies)


def test_cannot_be_created_without_a_copy(deployed: Deployed) -> None:
    deployed.model()
    deployed.endpoint()
    with pytest.raises(ClientError, match="copy count must be an integer larger than 0"):
        deployed.component(copies=0)


def test_a_new_specification_is_rolled_out(rig: Rig, deployed: Deployed) -> None:
    deployed.all(copies=2, NAME="old")
    before = {copy["copy_id"] for copy in rig.sagemaker.copies()}
    deployed.model("newer", NAME="new")
    policy = {"MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50}, "WaitIntervalInSeconds": 0}
    deployed.sm.update_inference_component(
        InferenceComponentName="twin",
        Specification=specification("newer"),
        DeploymentConfig={"RollingUpdatePolicy": policy},
    )
    assert describe(deployed)["InferenceComponentStatus"] == "Updating"
    assert describe(deployed)["Specification"]["ModelName"] == "twin"
    found = deployed.settled()
    assert found["Specification"]["ModelName"] == "newer"
    assert found["RuntimeConfig"] == {"DesiredCopyCount": 2, "CurrentCopyCount": 2}
    assert found["LastDeploymentConfig"]["RollingUpdatePolicy"] == policy
    eventually(lambda: before.isdisjoint(copy["copy_id"] for copy in rig.sagemaker.copies()))


def test_a_broken_update_keeps_what_served_and_says_why(rig: Rig, deployed: Deployed) -> None:
    deployed.all(copies=2)
    before = {copy["copy_id"] for copy in rig.sagemaker.copies()}
    deployed.model("broken", EXIT_CODE="1", MESSAGE="CUDA out of memory")
    deployed.sm.update_inference_component(InferenceComponentName="twin", Specification=specification("broken"))
    found = deployed.settled()
    assert found["InferenceComponentStatus"] == "InService"
    assert "CUDA out of memory" in found["FailureReason"]
    assert found["Specification"]["ModelName"] == "twin"
    assert {copy["copy_id"] for copy in rig.sagemaker.copies()} == before


def test_an_update_that_watches_an_alarm_is_rolled_back_by_it(rig: Rig, deployed: Deployed) -> None:
    deployed.all(copies=2)
    deployed.model("newer")
    cloudwatch = rig.client("cloudwatch")
    policy = {"MaximumBatchSize": {"Type": "COPY_COUNT", "Value": 1}, "WaitIntervalInSeconds": 600}
    update: dict[str, Any] = {
        "InferenceComponentName": "twin",
        "Specification": specification("newer"),
        "DeploymentConfig": {
            "RollingUpdatePolicy": policy,
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "slow"}]},
        },
    }
    with pytest.raises(ClientError, match="alarm slow, which does not exist"):
        deployed.sm.update_inference_component(**update)
    cloudwatch.put_metric_alarm(
        AlarmName="slow",
        MetricName="ModelLatency",
        Namespace="AWS/SageMaker",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        Statistic="Average",
        ComparisonOperator="GreaterThanThreshold",
    )
    deployed.sm.update_inference_component(**update)
    cloudwatch.set_alarm_state(AlarmName="slow", StateValue="ALARM", StateReason="test")
    found = deployed.settled()
    assert "alarm slow is in ALARM" in found["FailureReason"]
    assert found["Specification"]["ModelName"] == "twin"


@pytest.mark.parametrize("change", ["update_inference_component_runtime_config", "delete_inference_component"])
def test_refuses_a_change_while_another_is_under_way(deployed: Deployed, change: str) -> None:
    deployed.model(START_DELAY_S="0.5")
    deployed.endpoint()
    deployed.component(wait=False)
    params = {"DesiredRuntimeConfig": {"CopyCount": 2}} if "runtime" in change else {}
    with pytest.raises(ClientError, match="in status Creating") as refusal:
        getattr(deployed.sm, change)(InferenceComponentName="twin", **params)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
    deployed.settled()


def test_more_copies_than_the_instances_hold_fail_a_new_component(deployed: Deployed) -> None:
    deployed.model()
    deployed.endpoint(most=2)
    deployed.component(copies=3, wait=False)
    failed = deployed.settled()
    assert failed["InferenceComponentStatus"] == "Failed"
    assert failed["FailureReason"].startswith("There is not enough hardware resources on the instances")


def test_scaling_beyond_the_instances_serves_with_what_fits(deployed: Deployed) -> None:
    deployed.model()
    deployed.endpoint(most=2)
    deployed.component()
    scale(deployed, 3)
    found = deployed.settled()
    assert found["RuntimeConfig"] == {"DesiredCopyCount": 3, "CurrentCopyCount": 2}
    assert "not enough hardware resources" in found["FailureReason"]


def test_components_of_one_endpoint_share_its_instances(rig: Rig, deployed: Deployed) -> None:
    deployed.model()
    deployed.endpoint(instance="ml.g5.12xlarge", most=1)
    deployed.component("first", gpus=2)
    deployed.component("second", gpus=2)
    deployed.component("third", gpus=1, wait=False)
    assert "not enough hardware" in deployed.settled("third")["FailureReason"]
    variant = deployed.sm.describe_endpoint(EndpointName="twin")["ProductionVariants"][0]
    assert variant["CurrentInstanceCount"] == 1


@pytest.mark.parametrize(
    ("needs", "message"),
    [
        ({"NumberOfAcceleratorDevicesRequired": 2}, r"needs 2 accelerator devices, and .* ml\.g5\.2xlarge has 1"),
        ({"MinMemoryRequiredInMb": 40_000}, r"needs 40000 MB of memory, and .* ml\.g5\.2xlarge has 32768"),
        ({"NumberOfCpuCoresRequired": 9}, r"needs 9 CPU cores, and .* ml\.g5\.2xlarge has 8"),
    ],
)
def test_a_copy_that_no_instance_can_hold_is_refused(deployed: Deployed, needs: dict[str, int], message: str) -> None:
    deployed.model()
    deployed.endpoint()
    with pytest.raises(ClientError, match=message):
        deployed.sm.create_inference_component(
            InferenceComponentName="twin",
            EndpointName="twin",
            Specification={
                "ModelName": "twin",
                "ComputeResourceRequirements": {"MinMemoryRequiredInMb": 1024, **needs},
            },
            RuntimeConfig={"CopyCount": 1},
        )


def test_refuses_what_is_not_there(deployed: Deployed) -> None:
    deployed.model()
    with pytest.raises(
        ClientError, match='Could not find endpoint "arn:aws:sagemaker:us-east-1:123456789012:endpoint/twin"'
    ):
        deployed.component()
    deployed.endpoint()
    with pytest.raises(
        ClientError, match='Could not find model "arn:aws:sagemaker:us-east-1:123456789012:model/other"'
    ):
        deployed.component(model="other")
    with pytest.raises(ClientError, match='Could not find variant "Blue" of endpoint'):
        deployed.sm.create_inference_component(
            InferenceComponentName="twin",
            EndpointName="twin",
            VariantName="Blue",
            Specification=specification(),
            RuntimeConfig={"CopyCount": 1},
        )
    with pytest.raises(ClientError, match='Could not find inference component "arn:'):
        describe(deployed)


def test_a_name_is_taken_without_regard_to_case(deployed: Deployed) -> None:
    deployed.all()
    with pytest.raises(ClientError, match=f'Cannot create already existing inference component "{ARN}"'):
        deployed.component("TWIN")


def test_a_deleted_component_drains_ends_and_is_gone(rig: Rig, deployed: Deployed) -> None:
    deployed.all(copies=2)
    deployed.sm.delete_inference_component(InferenceComponentName="twin")
    gone(deployed)
    assert rig.sagemaker.copies() == []
    assert deployed.sm.list_inference_components()["InferenceComponents"] == []


def test_copies_say_what_stands_in_for_what(rig: Rig, deployed: Deployed) -> None:
    deployed.all(STAND_IN='{"serves": "small", "instead_of": "large"}')
    (copy,) = rig.sagemaker.copies()
    assert copy["stand_in"] == {"serves": "small", "instead_of": "large"}
    assert {key: copy[key] for key in ("component", "endpoint", "status")} == {
        "component": "twin",
        "endpoint": "twin",
        "status": "InService",
    }
    assert copy["url"].startswith("http://127.0.0.1:")
    assert isinstance(copy["pid"], int)


def test_is_listed_by_endpoint_variant_and_status(deployed: Deployed) -> None:
    deployed.model()
    deployed.endpoint("one")
    deployed.endpoint("two")
    deployed.component("a", endpoint="one")
    deployed.component("b", endpoint="two")

    def listed(**params: str) -> list[str]:
        found = deployed.sm.list_inference_components(SortBy="Name", SortOrder="Ascending", **params)
        return [component["InferenceComponentName"] for component in found["InferenceComponents"]]

    assert listed() == ["a", "b"]
    assert listed(EndpointNameEquals="two") == ["b"]
    assert listed(StatusEquals="Failed") == []
    assert listed(VariantNameEquals="AllTraffic", NameContains="A") == ["a"]


def gone(deployed: Deployed) -> None:
    deadline = time.monotonic() + 10
    while deployed.sm.list_inference_components()["InferenceComponents"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with pytest.raises(ClientError, match="Could not find inference component"):
        describe(deployed)
