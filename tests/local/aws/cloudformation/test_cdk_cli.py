"""The real CDK CLI: bootstrap, deploy, diff, a failing update, rollback, destroy."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.project import Project
from local.aws.process import LocalAws
from tests.local.aws.cloudformation.assembly import write_assembly

BIN = Path(sys.executable).parent
REGION = "eu-central-1"  # of its own, so that what other tests make is not counted
STACK = "cli-sample"
TAKEN = "/cli-sample/taken"
BUCKET = "cli-sample-taken"

Clients = Callable[[str], Any]


class Cdk:
    """The CDK CLI with an environment of its own, in an empty folder: beside a cdk.json it would synthesize that."""

    def __init__(self, *, endpoint_url: str, folder: Path) -> None:
        self._folder = folder
        self._environment = {
            "PATH": f"{BIN}{os.pathsep}{os.defpath}",
            "HOME": str(folder / "home"),
            "CDK_HOME": str(folder / "cdk-home"),
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "NODE_COMPILE_CACHE": str(Project.locate().node_cache),
            "AWS_ENDPOINT_URL": endpoint_url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "NO_COLOR": "1",
        }
        for name in ("home", "empty"):
            (folder / name).mkdir()

    def __call__(self, *arguments: str, expected: int = 0) -> str:
        done = subprocess.run(
            [str(BIN / "cdk"), *arguments, "--no-notices"],
            cwd=self._folder / "empty",
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == expected, done.stdout + done.stderr
        return " ".join((done.stdout + done.stderr).split())

    def deploy(self, template: dict[str, Any], *options: str, expected: int = 0) -> str:
        return self("deploy", *self.app(template), "--require-approval", "never", *options, expected=expected)

    def app(self, template: dict[str, Any]) -> tuple[str, str]:
        return "--app", str(write_assembly(self._folder / "app", STACK, template, region=REGION))


@pytest.fixture(scope="module")
def cdk(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Cdk:
    cdk = Cdk(endpoint_url=local_aws.endpoint_url, folder=tmp_path_factory.mktemp("cdk"))
    cdk("bootstrap", f"aws://123456789012/{REGION}")
    return cdk


@pytest.fixture(scope="module")
def clients(client: Callable[..., Any]) -> Clients:
    return lambda service: client(service, region=REGION)


def sample(*, display_name: str = "first", **more: Any) -> dict[str, Any]:
    name = {"Type": "String", "Name": "/cli-sample/topic", "Value": {"Ref": "Topic"}}
    return {
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": display_name}},
            "Name": {"Type": "AWS::SSM::Parameter", "Properties": name},
            **more,
        },
        "Outputs": {"TopicArn": {"Value": {"Ref": "Topic"}}},
    }


def display_name(clients: Clients, topic_arn: str) -> str:
    return str(clients("sns").get_topic_attributes(TopicArn=topic_arn)["Attributes"]["DisplayName"])


def status(clients: Clients) -> str:
    return str(clients("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"])


def test_the_whole_life_of_a_stack(cdk: Cdk, clients: Clients, tmp_path: Path) -> None:
    outputs_file = tmp_path / "outputs.json"
    cdk.deploy(sample(), "--outputs-file", str(outputs_file))
    arn = json.loads(outputs_file.read_text())[STACK]["TopicArn"]
    assert display_name(clients, arn) == "first"
    assert clients("ssm").get_parameter(Name="/cli-sample/topic")["Parameter"]["Value"] == arn

    assert "There were no differences" in cdk("diff", *cdk.app(sample()), "--fail")
    renamed = sample(display_name="second")
    assert "[~] AWS::SNS::Topic Topic" in cdk("diff", *cdk.app(renamed))
    cdk.deploy(renamed)
    assert display_name(clients, arn) == "second"

    clients("ssm").put_parameter(Name=TAKEN, Value="somebody else's", Type="String")
    parameter = {"Type": "String", "Name": TAKEN, "Value": "x"}
    taken = {"Type": "AWS::SSM::Parameter", "Properties": parameter, "DependsOn": "Topic"}
    failing = sample(display_name="third", Taken=taken)
    assert "The parameter already exists" in cdk.deploy(failing, expected=1)
    assert (status(clients), display_name(clients, arn)) == ("UPDATE_ROLLBACK_COMPLETE", "second")

    cdk.deploy(failing, "--no-rollback", expected=1)
    assert (status(clients), display_name(clients, arn)) == ("UPDATE_FAILED", "third")
    cdk("rollback", *cdk.app(sample()))
    assert (status(clients), display_name(clients, arn)) == ("UPDATE_ROLLBACK_COMPLETE", "second")

    cdk("destroy", *cdk.app(sample()), "--force")
    assert clients("sns").list_topics()["Topics"] == []
    left = [parameter["Name"] for parameter in clients("ssm").describe_parameters()["Parameters"]]
    assert left == ["/cdk-bootstrap/hnb659fds/version", TAKEN]
    stacks = [stack["StackName"] for stack in clients("cloudformation").describe_stacks()["Stacks"]]
    assert stacks == ["CDKToolkit"]


def test_wrong_properties_are_said_before_anything_is_made(cdk: Cdk, clients: Clients) -> None:
    wrong = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayNam": "x"}}
    said = cdk.deploy(sample(Wrong=wrong), expected=1)
    assert "Unsupported property [DisplayNam] (at /Resources/Wrong/Properties)" in said
    assert clients("sns").list_topics()["Topics"] == []


def test_a_type_that_the_local_aws_lacks_is_refused_by_name(cdk: Cdk) -> None:
    said = cdk.deploy(sample(Cdn={"Type": "AWS::CloudFront::Distribution"}), expected=1)
    assert "AWS has AWS::CloudFront::Distribution; the local AWS does not" in said


def test_a_failed_creation_rolls_back_and_is_cleared_away_by_the_next_deploy(cdk: Cdk, clients: Clients) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": BUCKET}}
    place = {"LocationConstraint": REGION}
    clients("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
    assert f"with identifier '{BUCKET}' already exists" in cdk.deploy(sample(Bucket=bucket), expected=1)
    assert status(clients) == "ROLLBACK_COMPLETE"
    assert clients("sns").list_topics()["Topics"] == []
    clients("s3").delete_bucket(Bucket=BUCKET)
    cdk.deploy(sample(Bucket=bucket))
    assert status(clients) == "CREATE_COMPLETE"
    clients("cloudformation").delete_stack(StackName=STACK)
