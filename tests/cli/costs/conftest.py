"""The reviewed templates of stage dev, deployed to a region of their own on the local AWS."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

SNAPSHOTS = Path(__file__).parents[2] / "stacks/__snapshots__"
REVIEWED = "test_the_template_is_the_one_that_was_reviewed"
TEMPLATES = {
    "llm-twin-dev-endpoint": f"test_templates/{REVIEWED}[dev-tgi-hub].json",
    "llm-twin-dev-monitoring": f"test_monitoring/{REVIEWED}[dev].json",
    "llm-twin-dev-service": f"test_service_templates/{REVIEWED}[dev].json",
}
REGION = "us-west-2"
# The function that sets the logs' retention: its code is an asset that the CDK CLI would have uploaded. The metric
# filters wait for what it does.
NEEDS_AN_ASSET = ("AWS::Lambda::Function", "Custom::LogRetention", "AWS::Logs::MetricFilter")

BUDGET = {
    "Type": "AWS::Budgets::Budget",
    "Properties": {
        "Budget": {"BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": 500, "Unit": "USD"}}
    },
}


class Account:
    """The region on the local AWS, by boto3."""

    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url = endpoint_url
        self.bills: dict[tuple[str, ...], tuple[int, dict[str, Any]]] = {}
        self.session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)  # noqa: S106 - nothing checks it
        self.cloudformation = self.client("cloudformation")

    def client(self, service: str) -> Any:
        return self.session.client(service, endpoint_url=self.endpoint_url)  # type: ignore[call-overload]

    def deploy(self) -> None:
        self.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
        for stack, file in TEMPLATES.items():
            template = json.loads((SNAPSHOTS / file).read_text(encoding="utf-8"))
            template["Resources"] = {
                key: body for key, body in template["Resources"].items() if body["Type"] not in NEEDS_AN_ASSET
            }
            if stack.endswith("-monitoring"):
                template["Resources"]["Budget"] = BUDGET
            self.cloudformation.create_stack(
                StackName=stack, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_NAMED_IAM"]
            )
        assert {self.settled(stack) for stack in TEMPLATES} == {"CREATE_COMPLETE"}

    def settled(self, stack: str, *, timeout_s: float = 120) -> str:
        deadline_s = time.monotonic() + timeout_s
        while time.monotonic() < deadline_s:
            listed = self.cloudformation.list_stacks()["StackSummaries"]
            (status,) = (one["StackStatus"] for one in listed if one["StackName"] == stack)
            if not status.endswith("_IN_PROGRESS"):
                return str(status)
            time.sleep(0.1)
        raise TimeoutError(f"{stack} is still {status}")

    def destroy(self) -> None:
        for stack in reversed(TEMPLATES):
            self.cloudformation.delete_stack(StackName=stack)
        assert {self.settled(stack) for stack in TEMPLATES} == {"DELETE_COMPLETE"}


@pytest.fixture(scope="module")
def account(local_aws: Any) -> Iterator[Account]:
    made = Account(local_aws.endpoint_url)
    made.deploy()
    yield made
    # What a test destroyed stays destroyed: deleting it again says nothing.
    made.destroy()


@pytest.fixture
def region(checkout: Path, local_environment: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, REGION)
