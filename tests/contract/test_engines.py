"""An engine is one value. What the local AWS does with each: it runs TGI, and says of vLLM that it cannot."""

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_cdk import App
from botocore.exceptions import WaiterError

from local.aws.containers.command import Images
from local.aws.containers.errors import CannotPullError
from local.aws.process import LocalAws
from model.engines import Engine
from model.images import find_image
from stacks.context import read_settings
from stacks.endpoint_stack import EndpointStack


def test_the_local_aws_runs_the_image_of_tgi_and_of_no_other_engine() -> None:
    runs = {}
    for engine in Engine:
        try:
            Images().command(find_image(engine=engine, region="us-east-1").uri)
            runs[engine] = True
        except CannotPullError:
            runs[engine] = False
    assert runs == {Engine.TGI: True, Engine.VLLM: False}


@pytest.fixture
def local_aws(tmp_path):
    with LocalAws.start(state_dir=tmp_path / "local-aws") as running:
        yield running


@pytest.fixture
def client(local_aws) -> Callable[[str], Any]:
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")  # noqa: S106

    def make(service: str) -> Any:
        return session.client(service, endpoint_url=local_aws.endpoint_url)

    return make


@pytest.fixture
def vllm_template(tmp_path) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        app = App(outdir=str(tmp_path / "cdk.out"), analytics_reporting=False)
        stack = EndpointStack(app, settings=read_settings({"engine": "vllm"}, {}))
        app.synth()
    template = json.loads((tmp_path / f"cdk.out/{stack.stack_name}.template.json").read_text(encoding="utf-8"))
    # The parameter and the rule ask whether the account is bootstrapped; that is the CDK CLI's business.
    return json.dumps({key: value for key, value in template.items() if key not in ("Parameters", "Rules")})


def test_a_deploy_of_vllm_to_the_local_aws_is_rolled_back_with_the_reason(client, vllm_template):
    cloudformation = client("cloudformation")
    cloudformation.create_stack(StackName="vllm", TemplateBody=vllm_template, Capabilities=["CAPABILITY_NAMED_IAM"])
    with pytest.raises(WaiterError, match="ROLLBACK_COMPLETE"):
        cloudformation.get_waiter("stack_create_complete").wait(StackName="vllm", WaiterConfig={"Delay": 1})
    events = cloudformation.describe_stack_events(StackName="vllm")["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"] == "CREATE_FAILED"]
    assert {event["ResourceType"] for event in failed} == {"AWS::SageMaker::InferenceComponent"}
    assert re.search(
        r"CannotPullContainerError: the image \S+/huggingface-vllm:\S+ does not exist on this machine. "
        r"The local AWS runs images of these ECR repositories: huggingface-pytorch-tgi-inference\.",
        failed[0]["ResourceStatusReason"],
    )
    assert client("sagemaker").list_endpoints()["Endpoints"] == []
