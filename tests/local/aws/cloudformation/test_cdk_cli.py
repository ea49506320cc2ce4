"""The real CDK CLI: bootstrap, deploy, diff, a failing update, rollback, destroy."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.aws.process import LocalAws
from tests.local.aws.cloudformation.assembly import write_assembly

BIN = Path(sys.executable).parent
STACK = "cli-sample"
TAKEN = "/cli-sample/taken"


class Cdk:
    """The CDK CLI with an environment of its own."""

    def __init__(self, *, endpoint_url: str, folder: Path) -> None:
        self._folder = folder
        self._environment = {
            "PATH": f"{BIN}{os.pathsep}{os.defpath}",
            "HOME": str(folder / "home"),
            "CDK_HOME": str(folder / "cdk-home"),
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "AWS_ENDPOINT_URL": endpoint_url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "NO_COLOR": "1",
        }
        for name in ("home", "empty"):
            (folder / name).mkdir()

    def __call__(self, *arguments: str, expected: int = 0) -> str:
        # From an empty folder: beside a cdk.json the CLI would synthesize that application.
        done = subprocess.run(
            [str(BIN / "cdk"), *arguments, "--no-notices"],
            cwd=self._folder / "empty",
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == expected, done.stdout + done.stderr
        return done.stdout + done.stderr

    def app(self, template: dict[str, Any]) -> tuple[str, str]:
        return "--app", str(write_assembly(self._folder / "app", STACK, template))


@pytest.fixture(scope="module")
def cdk(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("cdk")
    with LocalAws.start(state_dir=folder / "local-aws") as running:
        cdk = Cdk(endpoint_url=running.endpoint_url, folder=folder)
        cdk("bootstrap", "aws://123456789012/us-east-1")
        cdk.endpoint_url = running.endpoint_url  # type: ignore[attr-defined]
        yield cdk


def sample(*, display_name: str = "first", **more: Any) -> dict[str, Any]:
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
    return {
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": display_name}},
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
            "Name": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Name": "/cli-sample/topic", "Value": {"Ref": "Topic"}},
            },
            **more,
        },
        "Outputs": {"TopicArn": {"Value": {"Ref": "Topic"}}},
    }


@pytest.fixture(scope="module")
def clients(cdk: Any) -> Callable[[str], Any]:
    import boto3  # noqa: PLC0415 - only this fixture needs it

    session = boto3.Session(
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - nothing checks it
        region_name="us-east-1",
    )
    return lambda service: session.client(service, endpoint_url=cdk.endpoint_url)  # type: ignore[call-overload]


def display_name(clients: Callable[[str], Any], topic_arn: str) -> str:
    return str(clients("sns").get_topic_attributes(TopicArn=topic_arn)["Attributes"]["DisplayName"])


def status(clients: Callable[[str], Any]) -> str:
    return str(clients("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"])


def test_the_whole_life_of_a_stack(cdk: Any, clients: Callable[[str], Any], tmp_path: Path) -> None:
    outputs_file = tmp_path / "outputs.json"
    cdk("deploy", *cdk.app(sample()), "--require-approval", "never", "--outputs-file", str(outputs_file))
    arn = json.loads(outputs_file.read_text())[STACK]["TopicArn"]
    assert display_name(clients, arn) == "first"
    assert clients("ssm").get_parameter(Name="/cli-sample/topic")["Parameter"]["Value"] == arn

    assert "There were no differences" in cdk("diff", *cdk.app(sample()), "--fail")
    assert STACK in cdk("list", *cdk.app(sample()))

    renamed = sample(display_name="second")
    assert "[~] AWS::SNS::Topic Topic" in cdk("diff", *cdk.app(renamed))
    cdk("deploy", *cdk.app(renamed), "--require-approval", "never")
    assert display_name(clients, arn) == "second"

    clients("ssm").put_parameter(Name=TAKEN, Value="somebody else's", Type="String")
    taken = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Name": TAKEN, "Value": "x"},
        "DependsOn": "Topic",
    }
    said = cdk("deploy", *cdk.app(sample(display_name="third", Taken=taken)), "--require-approval", "never", expected=1)
    assert "The parameter already exists" in said
    assert status(clients) == "UPDATE_ROLLBACK_COMPLETE"
    assert display_name(clients, arn) == "second"

    cdk(
        "deploy",
        *cdk.app(sample(display_name="third", Taken=taken)),
        "--require-approval",
        "never",
        "--no-rollback",
        expected=1,
    )
    assert status(clients) == "UPDATE_FAILED"
    cdk("rollback", *cdk.app(sample()))
    assert (status(clients), display_name(clients, arn)) == ("UPDATE_ROLLBACK_COMPLETE", "second")

    cdk("destroy", *cdk.app(sample()), "--force")
    assert clients("sns").list_topics()["Topics"] == []
    assert [p["Name"] for p in clients("ssm").describe_parameters()["Parameters"]] == [
        "/cdk-bootstrap/hnb659fds/version",
        TAKEN,
    ]
    stacks = [stack["StackName"] for stack in clients("cloudformation").describe_stacks()["Stacks"]]
    assert stacks == ["CDKToolkit"]


def test_wrong_properties_are_said_before_anything_is_made(cdk: Any, clients: Callable[[str], Any]) -> None:
    wrong = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayNam": "x"}}
    said = cdk("deploy", *cdk.app(sample(Wrong=wrong)), "--require-approval", "never", expected=1)
    assert "Unsupported property [DisplayNam] (at /Resources/Wrong/Properties)" in " ".join(said.split())
    assert clients("sns").list_topics()["Topics"] == []


def test_a_type_that_the_local_aws_lacks_is_refused_by_name(cdk: Any) -> None:
    said = cdk(
        "deploy",
        *cdk.app(sample(Cdn={"Type": "AWS::CloudFront::Distribution"})),
        "--require-approval",
        "never",
        expected=1,
    )
    assert "AWS has AWS::CloudFront::Distribution; the local AWS does not" in " ".join(said.split())


def test_a_failed_creation_rolls_back_and_can_be_deployed_again(cdk: Any, clients: Callable[[str], Any]) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "cli-sample-taken"}}
    clients("s3").create_bucket(Bucket="cli-sample-taken")
    said = cdk("deploy", *cdk.app(sample(Bucket=bucket)), "--require-approval", "never", expected=1)
    assert "ROLLBACK_COMPLETE" in said
    assert clients("sns").list_topics()["Topics"] == []
    clients("s3").delete_bucket(Bucket="cli-sample-taken")
    cdk("deploy", *cdk.app(sample(Bucket=bucket)), "--require-approval", "never")
    cdk("destroy", *cdk.app(sample()), "--force")
