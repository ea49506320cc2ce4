import time

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.sagemaker.rig import ACCOUNT, Deployed, Rig

ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/twin"


def create(deployed: Deployed) -> None:
    deployed.sm.create_endpoint(EndpointName="twin", EndpointConfigName=deployed.config())


def test_is_creating_in_service_deleting_and_gone(rig: Rig, deployed: Deployed) -> None:
    rig.renew(endpoint_change_s=0.8)
    create(deployed)
    creating = deployed.sm.describe_endpoint(EndpointName="twin")
    assert creating["EndpointStatus"] == "Creating"
    deployed.sm.get_waiter("endpoint_in_service").wait(EndpointName="twin", WaiterConfig={"Delay": 0.02})
    serving = deployed.sm.describe_endpoint(EndpointName="twin")
    assert serving["EndpointStatus"] == "InService"
    assert serving["LastModifiedTime"] > creating["LastModifiedTime"]
    deployed.sm.delete_endpoint(EndpointName="twin")
    assert deployed.sm.describe_endpoint(EndpointName="twin")["EndpointStatus"] == "Deleting"
    deployed.sm.get_waiter("endpoint_deleted").wait(EndpointName="twin", WaiterConfig={"Delay": 0.02})
    with pytest.raises(ClientError, match=f'Could not find endpoint "{ARN}"'):
        deployed.sm.describe_endpoint(EndpointName="twin")


def test_is_described_with_its_variants(deployed: Deployed) -> None:
    deployed.endpoint()
    found = deployed.sm.describe_endpoint(EndpointName="twin")
    assert (found["EndpointArn"], found["EndpointConfigName"]) == (ARN, "twin")
    (variant,) = found["ProductionVariants"]
    assert variant["VariantName"] == "AllTraffic"
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (1, 1)
    assert variant["ManagedInstanceScaling"]["MaxInstanceCount"] == 4
    assert variant["RoutingConfig"] == {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"}


def test_refuses_a_change_while_another_is_under_way(rig: Rig, deployed: Deployed) -> None:
    rig.renew(endpoint_change_s=5)
    create(deployed)
    for change in (
        lambda: deployed.sm.delete_endpoint(EndpointName="twin"),
        lambda: deployed.sm.update_endpoint(EndpointName="twin", EndpointConfigName="twin"),
    ):
        with pytest.raises(ClientError, match=f'Cannot update in-progress endpoint "{ARN}"'):
            change()


def test_refuses_a_taken_name_and_a_missing_config(deployed: Deployed) -> None:
    deployed.endpoint()
    with pytest.raises(ClientError, match=f'Cannot create already existing endpoint "{ARN}"'):
        deployed.sm.create_endpoint(EndpointName="TWIN", EndpointConfigName="twin")
    with pytest.raises(ClientError, match='Could not find endpoint configuration "arn:'):
        deployed.sm.create_endpoint(EndpointName="other", EndpointConfigName="missing")


def test_cannot_be_deleted_while_it_has_components(deployed: Deployed) -> None:
    deployed.all()
    with pytest.raises(ClientError, match=r"while it has inference components: twin\. Delete them first"):
        deployed.sm.delete_endpoint(EndpointName="twin")


def test_goes_over_to_another_config(rig: Rig, deployed: Deployed) -> None:
    rig.renew(endpoint_change_s=0.8)
    deployed.all()
    deployed.config("larger", most=8)
    deployed.sm.update_endpoint(EndpointName="twin", EndpointConfigName="larger")
    updating = deployed.sm.describe_endpoint(EndpointName="twin")
    assert updating["EndpointStatus"] == "Updating"
    deployed.sm.get_waiter("endpoint_in_service").wait(EndpointName="twin", WaiterConfig={"Delay": 0.02})
    found = deployed.sm.describe_endpoint(EndpointName="twin")
    assert found["EndpointConfigName"] == "larger"
    assert found["ProductionVariants"][0]["ManagedInstanceScaling"]["MaxInstanceCount"] == 8


def test_cannot_change_the_instances_under_a_component(deployed: Deployed) -> None:
    deployed.all()
    deployed.config("other", instance="ml.g6.2xlarge")
    with pytest.raises(ClientError, match=r"hosts inference components on instances of type ml\.g5\.2xlarge"):
        deployed.sm.update_endpoint(EndpointName="twin", EndpointConfigName="other")


def test_instances_follow_the_copies_that_are_placed_on_them(deployed: Deployed) -> None:
    deployed.all(copies=3)

    def instances() -> int:
        count: int = deployed.sm.describe_endpoint(EndpointName="twin")["ProductionVariants"][0]["CurrentInstanceCount"]
        return count

    assert instances() == 3
    deployed.sm.update_inference_component_runtime_config(
        InferenceComponentName="twin", DesiredRuntimeConfig={"CopyCount": 0}
    )
    deployed.settled()
    deadline = time.monotonic() + 5
    while instances() != 0:
        assert time.monotonic() < deadline
        time.sleep(0.02)
