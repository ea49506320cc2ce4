import threading

import pytest
from botocore.exceptions import ClientError

from local.aws.api import AwsApi
from local.aws.dispatch import make_dispatcher


@pytest.fixture(scope="module")
def aws() -> AwsApi:
    return AwsApi(application=make_dispatcher({}))


def test_a_call_acts_in_the_account_and_region_that_the_client_is_for(aws: AwsApi) -> None:
    aws.client("sns", account_id="111111111111", region="eu-west-1").create_topic(Name="here")
    assert aws.client("sns", account_id="222222222222", region="eu-west-1").list_topics()["Topics"] == []
    assert aws.client("sns", account_id="111111111111", region="eu-west-2").list_topics()["Topics"] == []
    found = aws.client("sns", account_id="111111111111", region="eu-west-1").list_topics()["Topics"]
    assert found == [{"TopicArn": "arn:aws:sns:eu-west-1:111111111111:here"}]


def test_a_refusal_is_the_error_that_any_client_gets(aws: AwsApi) -> None:
    with pytest.raises(ClientError) as raised:
        aws.client("ssm", account_id="111111111111", region="us-east-1").get_parameter(Name="none")
    assert raised.value.response["Error"]["Code"] == "ParameterNotFound"


def test_bodies_of_any_content_pass(aws: AwsApi) -> None:
    s3 = aws.client("s3", account_id="111111111111", region="us-east-1")
    s3.create_bucket(Bucket="in-process")
    content = bytes(range(256)) * 1000
    s3.put_object(Bucket="in-process", Key="a b/ü%2F", Body=content)
    assert s3.get_object(Bucket="in-process", Key="a b/ü%2F")["Body"].read() == content


def test_threads_share_one_client(aws: AwsApi) -> None:
    clients: list[object] = []

    def ask() -> None:
        client = aws.client("iam", account_id="333333333333", region="us-east-1")
        client.list_roles()
        clients.append(client)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(clients) == 8
    assert len(set(map(id, clients))) == 1
