"""What the tests of updates share: one resource before and after, deployed twice, and what a client sees of it."""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Clients = Callable[[str], Any]
Ids = Mapping[str, str]

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}
READ = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
WRITE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One resource ``It`` (beside what it needs) before and after, and what a client sees of it."""

    before: dict[str, Any]
    after: dict[str, Any]
    seen: Callable[[Clients, Ids], Any]
    expected: tuple[Any, Any]
    beside: dict[str, Any] | None = None


def resource(type_: str, /, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{type_}", "Properties": properties}


def tags(**named: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in named.items()]


def trust(service: str) -> Any:
    return json.loads(json.dumps(TRUST).replace("sagemaker", service))


def check(client: Clients, case: Case) -> None:
    """Deploy a case, deploy its change, delete it; each time the API shows what the template says."""
    cloudformation, name = client("cloudformation"), f"updates-{uuid.uuid4().hex[:8]}"

    def settled(*, expected: str) -> Ids:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
        failures = [event["ResourceStatusReason"] for event in events if "FAILED" in event["ResourceStatus"]]
        assert stack["StackStatus"] == expected, failures
        found = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
        return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in found}

    def request(it: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps({"Resources": {**(case.beside or {}), "It": it}})
        return {"StackName": name, "TemplateBody": body, "Capabilities": ["CAPABILITY_IAM"]}

    cloudformation.create_stack(**request(case.before))
    ids = settled(expected="CREATE_COMPLETE")
    assert case.seen(client, ids) == case.expected[0]
    cloudformation.update_stack(**request(case.after))
    assert settled(expected="UPDATE_COMPLETE") == ids
    assert case.seen(client, ids) == case.expected[1]
    stack_id = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
    cloudformation.delete_stack(StackName=name)
    assert cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"
