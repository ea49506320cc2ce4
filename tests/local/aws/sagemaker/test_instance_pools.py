"""Instance pools: several types for one variant, and what a component says for each of them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.sagemaker.rig import ROLE, Deployed, specification

# No account gets the first without asking for it.
POOLS = [{"InstanceType": "ml.g5.2xlarge", "Priority": 2}, {"InstanceType": "ml.p4d.24xlarge", "Priority": 1}]


def create_endpoint(deployed: Deployed, *pools: dict[str, Any], name: str = "pools") -> None:
    variant = {"VariantName": "AllTraffic", "InstancePools": list(pools), "InitialInstanceCount": 2}
    deployed.sm.create_endpoint_config(EndpointConfigName=name, ExecutionRoleArn=ROLE, ProductionVariants=[variant])
    deployed.sm.create_endpoint(EndpointName=name, EndpointConfigName=name)
    deployed.sm.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 0.01})


def of_types(*types: str) -> list[dict[str, Any]]:
    return [{"InstanceType": name, **specification()} for name in types]


def test_a_type_that_cannot_be_had_is_passed_over_for_the_next(deployed: Deployed) -> None:
    create_endpoint(deployed, *POOLS)
    (variant,) = deployed.sm.describe_endpoint(EndpointName="pools")["ProductionVariants"]
    assert variant["InstancePools"] == [
        {"InstanceType": "ml.p4d.24xlarge", "CurrentInstanceCount": 0},
        {"InstanceType": "ml.g5.2xlarge", "CurrentInstanceCount": 2},
    ]
    with pytest.raises(ClientError, match=r"'ml\.p5\.48xlarge for endpoint usage' is 0 Instances"):
        create_endpoint(deployed, POOLS[1], {"InstanceType": "ml.p5.48xlarge", "Priority": 2}, name="none")


def test_a_component_runs_what_it_says_for_the_type_that_there_is(deployed: Deployed) -> None:
    deployed.model()
    create_endpoint(deployed, *POOLS)
    given = of_types("ml.p4d.24xlarge", "ml.g5.2xlarge")
    # More than the type that there is has; the other one would do.
    given[0]["ComputeResourceRequirements"]["NumberOfAcceleratorDevicesRequired"] = 8
    deployed.sm.create_inference_component(
        InferenceComponentName="twin",
        EndpointName="pools",
        VariantName="AllTraffic",
        Specifications=given,
        RuntimeConfig={"CopyCount": 1},
    )
    serving = deployed.settled()
    assert serving["InferenceComponentStatus"] == "InService"
    assert [one["InstanceType"] for one in serving["Specifications"]] == ["ml.p4d.24xlarge", "ml.g5.2xlarge"]
    assert "Specification" not in serving


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Specifications": of_types("ml.g5.2xlarge")}, "needs two entries at least"),
        ({"Specifications": of_types("ml.g6.2xlarge", "ml.g6.xlarge")}, "none for the instance type ml.g5.2xlarge"),
        ({"Specification": of_types("ml.g5.2xlarge")[0]}, "InstanceType is for Specifications"),
        ({"Specification": specification(), "Specifications": of_types("ml.g5.2xlarge")}, "and not both"),
    ],
)
def test_specifications_are_for_several_types_and_one_of_them_is_for_what_there_is(
    deployed: Deployed, given: dict[str, Any], message: str
) -> None:
    deployed.model()
    create_endpoint(deployed, *POOLS)
    with pytest.raises(ClientError, match=message):
        deployed.sm.create_inference_component(
            InferenceComponentName="twin", EndpointName="pools", RuntimeConfig={"CopyCount": 1}, **given
        )


@pytest.mark.parametrize(
    "pools",
    [
        [{"InstanceType": "ml.g5.2xlarge", "Priority": 1}, {"InstanceType": "ml.g5.2xlarge", "Priority": 2}],
        [{"InstanceType": "ml.g5.2xlarge", "Priority": 1}, {"InstanceType": "ml.g6.2xlarge", "Priority": 1}],
    ],
)
def test_each_type_and_each_priority_comes_once(deployed: Deployed, pools: list[dict[str, Any]]) -> None:
    with pytest.raises(ClientError, match="may come once"):
        create_endpoint(deployed, *pools)
