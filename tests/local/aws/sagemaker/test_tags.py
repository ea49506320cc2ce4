import pytest
from botocore.exceptions import ClientError

from tests.local.aws.sagemaker.rig import ACCOUNT, IMAGE, Deployed

ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model/twin"


def test_tags_are_set_at_creation_added_changed_and_deleted(deployed: Deployed) -> None:
    deployed.sm.create_model(
        ModelName="twin", PrimaryContainer={"Image": IMAGE}, Tags=[{"Key": "stage", "Value": "dev"}]
    )
    added = deployed.sm.add_tags(
        ResourceArn=ARN, Tags=[{"Key": "stage", "Value": "prod"}, {"Key": "team:é", "Value": ""}]
    )
    expected = [{"Key": "stage", "Value": "prod"}, {"Key": "team:é", "Value": ""}]
    assert added["Tags"] == expected
    assert deployed.sm.list_tags(ResourceArn=ARN)["Tags"] == expected
    deployed.sm.delete_tags(ResourceArn=ARN, TagKeys=["stage", "none"])
    assert deployed.sm.list_tags(ResourceArn=ARN)["Tags"] == expected[1:]


def test_every_kind_of_resource_has_tags(deployed: Deployed) -> None:
    deployed.all()
    scope = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"
    for kind in ("model", "endpoint-config", "endpoint", "inference-component"):
        deployed.sm.add_tags(ResourceArn=f"{scope}:{kind}/twin", Tags=[{"Key": "a", "Value": "b"}])
        assert deployed.sm.list_tags(ResourceArn=f"{scope}:{kind}/twin")["Tags"] == [{"Key": "a", "Value": "b"}]


def test_what_is_not_there_has_no_tags(deployed: Deployed) -> None:
    deployed.model()
    deployed.sm.add_tags(ResourceArn=ARN, Tags=[{"Key": "a", "Value": "b"}])
    deployed.sm.delete_model(ModelName="twin")
    with pytest.raises(ClientError, match=f'Could not find resource "{ARN}"'):
        deployed.sm.list_tags(ResourceArn=ARN)
    deployed.model()
    assert deployed.sm.list_tags(ResourceArn=ARN)["Tags"] == []


def test_there_is_a_most(deployed: Deployed) -> None:
    deployed.model()
    for begin in (0, 40):
        tags = [{"Key": str(number), "Value": ""} for number in range(begin, begin + 40)]
        if begin:
            with pytest.raises(ClientError, match="at most 50 tags"):
                deployed.sm.add_tags(ResourceArn=ARN, Tags=tags)
        else:
            deployed.sm.add_tags(ResourceArn=ARN, Tags=tags)
