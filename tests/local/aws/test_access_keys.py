import boto3
from moto.iam import models

from local.aws.api import AwsApi
from local.aws.dispatch import make_dispatcher

ROLE = "arn:aws:iam::222222222222:role/visitor"


def test_a_key_is_of_the_account_that_gave_it(local_aws, client):
    credentials = client("sts").assume_role(RoleArn=ROLE, RoleSessionName="visit")["Credentials"]
    visitor = boto3.Session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        region_name="us-east-1",
    )
    assert visitor.client("sts", endpoint_url=local_aws.endpoint_url).get_caller_identity()["Account"] == "222222222222"
    assert client("sts").get_caller_identity()["Account"] == "123456789012"


def test_a_key_that_nobody_gave_makes_no_iam_of_another_partition():
    account = "333333333333"
    aws = AwsApi(application=make_dispatcher({}))
    aws.client("sqs", account_id=account, region="us-east-1").list_queues()
    assert models.get_account_id_from("nobody's") == "123456789012"
    assert set(models.iam_backends[account]) == {"aws"}
