from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.sagemaker.rig import ACCOUNT, ROLE, Deployed

VARIANT: dict[str, Any] = {"VariantName": "AllTraffic", "InstanceType": "ml.g5.2xlarge", "InitialInstanceCount": 1}
SCALING = {"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 2}


def create(deployed: Deployed, *variants: dict[str, Any], **params: Any) -> None:
    given = {"EndpointConfigName": "twin", "ExecutionRoleArn": ROLE, **params}
    deployed.sm.create_endpoint_config(
        ProductionVariants=list(variants), **{key: value for key, value in given.items() if value is not None}
    )


def test_is_described_as_it_was_created(deployed: Deployed) -> None:
    variant = {
        **VARIANT,
        "ManagedInstanceScaling": SCALING,
        "RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
        "InferenceAmiVersion": "al2-ami-sagemaker-inference-gpu-3-1",
    }
    create(deployed, variant)
    found = deployed.sm.describe_endpoint_config(EndpointConfigName="twin")
    assert found["EndpointConfigArn"] == f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint-config/twin"
    assert found["ProductionVariants"] == [variant]
    assert found["ExecutionRoleArn"] == ROLE


@pytest.mark.parametrize(
    ("variant", "params", "message"),
    [
        ({"ModelName": "twin"}, {}, "hosts inference components only: leave ModelName out"),
        ({}, {"ExecutionRoleArn": None}, "ExecutionRoleArn is required"),
        ({}, {"ExecutionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/missing"}, "Could not assume role"),
        (
            {"InstanceType": "ml.m5.large"},
            {},
            "instance type 'ml.m5.large' is not known. Known GPU instance types: ml.g5",
        ),
        ({"InstanceType": "ml.g5.huge"}, {}, "Value 'ml.g5.huge' at 'productionVariants.1.member.instanceType' failed"),
        ({"InstanceType": None}, {}, "needs an InstanceType"),
        ({"InitialInstanceCount": 0}, {}, "Member must have value greater than or equal to 1"),
        (
            {"InitialInstanceCount": 3, "ManagedInstanceScaling": SCALING},
            {},
            "InitialInstanceCount 3 must be between MinInstanceCount 0 and MaxInstanceCount 2",
        ),
        ({"RoutingConfig": {"RoutingStrategy": "PREFIX_AWARE"}}, {}, "does not route by PREFIX_AWARE"),
        ({"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 1}}, {}, "is serverless"),
        ({}, {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://a/b"}}}, "asynchronous inference"),
    ],
)
def test_refuses_what_cannot_be_and_says_what_can(
    deployed: Deployed, variant: dict[str, Any], params: dict[str, Any], message: str
) -> None:
    given = {key: value for key, value in {**VARIANT, **variant}.items() if value is not None}
    with pytest.raises(ClientError, match=message) as refusal:
        create(deployed, given, **params)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
    assert deployed.sm.list_endpoint_configs()["EndpointConfigs"] == []


def test_variants_have_different_names(deployed: Deployed) -> None:
    with pytest.raises(ClientError, match="'AllTraffic' is given twice"):
        create(deployed, VARIANT, VARIANT)


def test_of_instance_pools_the_first_by_priority_counts(deployed: Deployed) -> None:
    pools = [{"InstanceType": "ml.g5.12xlarge", "Priority": 2}, {"InstanceType": "ml.g6.12xlarge", "Priority": 1}]
    create(deployed, {"VariantName": "AllTraffic", "InstancePools": pools, "InitialInstanceCount": 1})
    found = deployed.sm.describe_endpoint_config(EndpointConfigName="twin")
    assert found["ProductionVariants"][0]["InstancePools"] == pools


def test_can_be_deleted_while_an_endpoint_uses_it(deployed: Deployed) -> None:
    deployed.endpoint()
    deployed.sm.delete_endpoint_config(EndpointConfigName="twin")
    assert deployed.sm.describe_endpoint(EndpointName="twin")["EndpointConfigName"] == "twin"
