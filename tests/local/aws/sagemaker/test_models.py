from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.sagemaker.rig import ACCOUNT, IMAGE, ROLE, TRUST, Deployed, Rig

ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model/twin"


def create(deployed: Deployed, **params: Any) -> dict[str, Any]:
    given = {"ModelName": "Twin", "ExecutionRoleArn": ROLE, "PrimaryContainer": {"Image": IMAGE}, **params}
    answer: dict[str, Any] = deployed.sm.create_model(
        **{key: value for key, value in given.items() if value is not None}
    )
    return answer


def test_is_described_as_it_was_created(deployed: Deployed) -> None:
    container = {"Image": IMAGE, "Environment": {"HF_MODEL_ID": "twin/model", "SM_NUM_GPUS": "1"}}
    assert create(deployed, PrimaryContainer=container)["ModelArn"] == ARN
    found = deployed.sm.describe_model(ModelName="twin")
    assert (found["ModelName"], found["ModelArn"]) == ("Twin", ARN)
    assert found["PrimaryContainer"] == container
    assert found["ExecutionRoleArn"] == ROLE
    assert found["EnableNetworkIsolation"] is False
    assert found["CreationTime"].tzinfo is not None


def test_is_gone_when_it_is_deleted(deployed: Deployed) -> None:
    create(deployed)
    deployed.sm.delete_model(ModelName="Twin")
    for operation in (deployed.sm.describe_model, deployed.sm.delete_model):
        with pytest.raises(ClientError, match=f'Could not find model "{ARN}".') as missing:
            operation(ModelName="twin")
        assert missing.value.response["Error"]["Code"] == "ValidationException"


def test_a_name_can_be_taken_only_once(deployed: Deployed) -> None:
    create(deployed)
    with pytest.raises(ClientError, match=f'Cannot create already existing model "{ARN}".'):
        create(deployed, ModelName="TWIN")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"PrimaryContainer": None}, "PrimaryContainer is missing"),
        ({"PrimaryContainer": {}}, "PrimaryContainer is missing"),
        ({"PrimaryContainer": {"Environment": {"A": "b"}}}, "PrimaryContainer.Image is missing"),
        ({"Containers": [{"Image": IMAGE}]}, "does not run inference pipelines"),
        ({"ModelName": "no_underscore"}, "1 validation error detected: Value 'no_underscore' at 'modelName' failed"),
    ],
)
def test_refuses_what_cannot_be(deployed: Deployed, params: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        create(deployed, **params)
    assert deployed.sm.list_models()["Models"] == []


def test_refuses_a_role_that_is_not_there_or_does_not_trust_sagemaker(rig: Rig, deployed: Deployed) -> None:
    iam = rig.client("iam")
    trust = TRUST.replace("sagemaker", "ec2")
    iam.create_role(RoleName="of-another", AssumeRolePolicyDocument=trust)
    for role in ("missing", "of-another"):
        arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
        with pytest.raises(ClientError, match=f"Could not assume role {arn}. Please ensure that the role exists"):
            create(deployed, ExecutionRoleArn=arn)
    iam.delete_role(RoleName="of-another")


def test_each_region_has_its_own(rig: Rig, deployed: Deployed) -> None:
    create(deployed)
    elsewhere = rig.client("sagemaker", region="eu-west-1")
    assert elsewhere.list_models()["Models"] == []
    with pytest.raises(ClientError, match="sagemaker:eu-west-1"):
        elsewhere.describe_model(ModelName="twin")


def test_an_operation_that_is_not_here_says_so_and_is_not_sent_again(rig: Rig, deployed: Deployed) -> None:
    with pytest.raises(ClientError, match="does not have sagemaker:ListTrainingJobs") as refusal:
        deployed.sm.list_training_jobs()
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
