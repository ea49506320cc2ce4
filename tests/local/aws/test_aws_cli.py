"""The AWS CLI against a running local AWS, as in another shell."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.aws.process import LocalAws

AWS = Path(sys.executable).parent / "aws"

REGION = "eu-north-1"  # of its own, so that nothing else is listed

Aws = Callable[..., Any]


@pytest.fixture(scope="module")
def aws(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Aws:
    environment = {
        "PATH": os.defpath,
        "HOME": str(tmp_path_factory.mktemp("home")),
        "AWS_ENDPOINT_URL": local_aws.endpoint_url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }

    def call(*arguments: str, expected: int = 0) -> Any:
        done = subprocess.run(
            [sys.executable, str(AWS), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == expected, done.stderr
        return done.stderr if expected else json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout

    return call


def test_who_calls_is_the_account_of_the_local_aws(aws: Aws) -> None:
    assert aws("sts", "get-caller-identity")["Account"] == "123456789012"


def test_a_stack_and_what_it_made_are_described(aws: Aws, tmp_path: Path) -> None:
    alarm = {
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "MetricName": "m",
        "Namespace": "n",
        "Period": 60,
        "Statistic": "Sum",
        "AlarmName": "cli",
    }
    template = {
        "Resources": {
            "Parameter": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Name": "/cli/name", "Type": "String", "Value": "v"},
            },
            "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm},
            "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/cli/logs", "RetentionInDays": 7}},
        },
        "Outputs": {"Name": {"Value": {"Ref": "Parameter"}}},
    }
    (tmp_path / "template.json").write_text(json.dumps(template))
    aws("cloudformation", "deploy", "--stack-name", "cli", "--template-file", str(tmp_path / "template.json"))
    stack = aws("cloudformation", "describe-stacks", "--stack-name", "cli")["Stacks"][0]
    assert (stack["StackStatus"], stack["Outputs"]) == (
        "CREATE_COMPLETE",
        [{"OutputKey": "Name", "OutputValue": "/cli/name"}],
    )
    assert aws("ssm", "get-parameter", "--name", "/cli/name")["Parameter"]["Value"] == "v"
    assert aws("cloudwatch", "describe-alarms")["MetricAlarms"][0]["AlarmName"] == "cli"
    assert aws("logs", "describe-log-groups")["logGroups"][0]["retentionInDays"] == 7


def test_a_stack_that_is_not_there_is_said_in_awss_words(aws: Aws) -> None:
    said = aws("cloudformation", "describe-stacks", "--stack-name", "nothing", expected=255)
    assert "(ValidationError) when calling the DescribeStacks operation: Stack with id nothing does not exist" in said


def test_a_large_file_goes_to_s3_and_comes_back(aws: Aws, tmp_path: Path) -> None:
    content = os.urandom(20_000_003)
    (tmp_path / "up").write_bytes(content)
    aws("s3", "mb", "s3://cli-large")
    aws("s3", "cp", str(tmp_path / "up"), "s3://cli-large/a folder/up", "--no-progress")
    aws("s3", "cp", "s3://cli-large/a folder/up", str(tmp_path / "down"), "--no-progress")
    assert hashlib.sha256((tmp_path / "down").read_bytes()).digest() == hashlib.sha256(content).digest()
