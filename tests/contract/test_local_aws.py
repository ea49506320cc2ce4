"""What the local AWS makes of stacks that no other test deploys: monitoring, and weights from S3."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_cdk import App

from local.aws.containers.command import Images
from local.aws.containers.errors import CannotPullError
from local.aws.process import LocalAws
from model.engines import Engine
from model.images import find_image
from model.publish.bucket import make_bucket
from model.publish.destination import parse_destination
from model.publish.folder import list_model
from model.publish.publication import Publisher
from stacks.context import read_settings
from stacks.endpoint_stack import EndpointStack
from stacks.monitoring_stack import MonitoringStack
from tests.model.publish.weights import model

Client = Callable[[str], Any]


@pytest.fixture(scope="module")
def client(tmp_path_factory) -> Iterator[Client]:
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1")  # noqa: S106
    with LocalAws.start(state_dir=tmp_path_factory.mktemp("local-aws")) as running:
        yield lambda service: session.client(service, endpoint_url=running.endpoint_url)


@pytest.fixture(scope="module")
def synthesize(tmp_path_factory) -> Callable[..., str]:
    def run(make: Callable[..., Any], **context: str) -> str:
        out = tmp_path_factory.mktemp("cdk.out")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
            app = App(outdir=str(out), analytics_reporting=False, builtin_cloud_formation_validation=False)
            stack = make(app, settings=read_settings(context, {}))
            app.synth()
        template = json.loads((out / f"{stack.stack_name}.template.json").read_text(encoding="utf-8"))
        # They ask whether the account is bootstrapped, which is the CDK CLI's business.
        return json.dumps({key: value for key, value in template.items() if key not in ("Parameters", "Rules")})

    return run


def deploy(client: Client, name: str, template: str, *, bucket: str | None = None) -> list[dict[str, Any]]:
    """Deploy a template, by way of a bucket where it is too long to be sent."""
    cloudformation, how = client("cloudformation"), {"TemplateBody": template}
    if bucket is not None:
        client("s3").put_object(Bucket=bucket, Key=name, Body=template.encode())
        how = {"TemplateURL": f"{cloudformation.meta.endpoint_url}/{bucket}/{name}"}
    cloudformation.create_stack(StackName=name, Capabilities=["CAPABILITY_NAMED_IAM"], OnFailure="ROLLBACK", **how)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    found: list[dict[str, Any]] = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    return found


def destroy(client: Client, name: str) -> None:
    client("cloudformation").delete_stack(StackName=name)
    client("cloudformation").get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


@pytest.mark.parametrize("engine", Engine)
def test_the_local_aws_runs_the_image_of_every_engine(engine):
    (module,) = {"tgi": ["local.tgi"], "vllm": ["local.vllm"]}[engine]
    assert module in Images().command(find_image(engine=engine, region="us-east-1").uri)(8080)
    with pytest.raises(CannotPullError, match="does not exist on this machine"):
        Images().command("763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-sglang:1")


def test_the_monitoring_is_made_and_gone_again(client, synthesize):
    template = synthesize(
        MonitoringStack,
        stage="prod",
        monitoring="true",
        monitoring_email="ops@example.com",
        monitoring_budget_usd="2000",
        engine="vllm",
        beside="Qwen/Qwen2.5-0.5B-Instruct",
        adapters="ada=s3://twins/ada.tar.gz,bob=s3://twins/bob.tar.gz",
    )
    account = {"AccountId": "123456789012"}
    # The groups of the models are there before, as their containers make them.
    groups = set(re.findall(r'"LogGroupName": "(/aws/sagemaker/InferenceComponents/[^"]+)"', template))
    for group in groups:
        client("logs").create_log_group(logGroupName=group)
    # The function is code in the bucket of the bootstrap; the local AWS runs none.
    assets = "cdk-hnb659fds-assets-123456789012-us-east-1"
    client("s3").create_bucket(Bucket=assets)
    (key,) = re.findall(r"[0-9a-f]{64}\.zip", template)
    client("s3").put_object(Bucket=assets, Key=key, Body=b"code")

    made = deploy(client, "monitoring", template, bucket=assets)
    assert {resource["ResourceStatus"] for resource in made} == {"CREATE_COMPLETE"}
    alarms = client("cloudwatch").describe_alarms()["MetricAlarms"]
    (topic,) = client("sns").list_topics()["Topics"]
    # Nine of each model, two of each adapter.
    assert len(alarms) == 2 * 9 + 2 * 2
    assert all(alarm["AlarmActions"] == [topic["TopicArn"]] for alarm in alarms)
    (dashboard,) = client("cloudwatch").list_dashboards()["DashboardEntries"]
    body = client("cloudwatch").get_dashboard(DashboardName=dashboard["DashboardName"])["DashboardBody"]
    assert [alarm["AlarmArn"] for alarm in alarms if alarm["AlarmArn"] not in body] == []
    assert len(json.loads(body)["widgets"]) > len(alarms)
    (budget,) = client("budgets").describe_budgets(**account)["Budgets"]
    assert float(budget["BudgetLimit"]["Amount"]) == 2000
    there = client("logs").describe_log_groups()["logGroups"]
    kept = {found["logGroupName"]: found.get("retentionInDays") for found in there if "prod" in found["logGroupName"]}
    (main,) = (group for group in groups if group.endswith("-llm"))
    endpoint = main.replace("InferenceComponents", "Endpoints").removesuffix("-llm")
    assert kept == dict.fromkeys((*groups, endpoint), 365)

    destroy(client, "monitoring")
    assert client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert client("cloudwatch").list_dashboards()["DashboardEntries"] == []
    assert client("sns").list_topics()["Topics"] == []
    assert client("budgets").describe_budgets(**account).get("Budgets", []) == []


def test_a_folder_that_is_published_is_deployed_from_s3_cut_off_from_the_network(client, synthesize, tmp_path):
    for name, content in model(shards=2).items():
        (tmp_path / name).write_bytes(content)
    s3 = client("s3")
    make_bucket(s3, "published-here", region="us-east-1", kms_key=None)
    to = parse_destination("s3://published-here/models/")
    publisher = Publisher(s3, to=to, exact=False, kms_key=None, report=lambda _: None)
    s3_uri = publisher.publish_files(list_model(tmp_path), "me/mine").s3_uri
    template = synthesize(EndpointStack, s3_uri=s3_uri)

    resources = {resource["ResourceType"]: resource for resource in deploy(client, "published", template)}

    sagemaker = client("sagemaker")
    component = resources["AWS::SageMaker::InferenceComponent"]["PhysicalResourceId"].rpartition("/")[2]
    described = sagemaker.describe_inference_component(InferenceComponentName=component)
    assert described["InferenceComponentStatus"] == "InService"
    named = sagemaker.describe_model(ModelName=described["Specification"]["ModelName"])["PrimaryContainer"]
    assert named["ModelDataSource"]["S3DataSource"]["S3Uri"] == s3_uri
    assert named["Environment"]["HF_MODEL_ID"] == "/opt/ml/model"
    endpoint = sagemaker.describe_endpoint(EndpointName=described["EndpointName"])
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    assert config["EnableNetworkIsolation"] is True
    answer = client("sagemaker-runtime").invoke_endpoint(
        EndpointName=described["EndpointName"],
        InferenceComponentName=component,
        ContentType="application/json",
        Body=json.dumps({"inputs": "The capital of France is", "parameters": {"max_new_tokens": 2}}),
    )
    assert json.load(answer["Body"])[0]["generated_text"]
    destroy(client, "published")
