"""The last deployment of a stack, as CloudFormation's events tell it.

A stack that was rolled back and deleted is still found: CloudFormation keeps the events of deleted stacks for 90 days,
by the stack's id. What serves now is not known here (serving.py).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.diagnosis.evidence import Evidence
from cli.errors import NotDeployedError, UsageError
from cli.owner import Owner

if TYPE_CHECKING:
    from boto3 import Session

_STACK = "AWS::CloudFormation::Stack"
_PART, _PARTS_BESIDE = "-endpoint", ("-service", "-monitoring")
_BEGINNINGS = frozenset({"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"})
# Said of what was under way when something else failed: an effect, never the cause.
_CANCELLED = ("Resource creation cancelled", "Resource update cancelled")
_NAMES = {
    "AWS::SageMaker::Endpoint": "EndpointName",
    "AWS::SageMaker::EndpointConfig": "EndpointConfigName",
    "AWS::SageMaker::InferenceComponent": "InferenceComponentName",
    "AWS::SageMaker::Model": "ModelName",
}


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of the stack, there or gone.

    Attributes:
        name: as its service knows it; "" where the resource was refused before it had one.
        is_present: whether the stack holds it now.
    """

    logical_id: str
    type: str
    name: str
    is_present: bool


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a deployment asked a resource to be.

    Attributes:
        name: the resource's, as its service knows it; "" where it was refused before it had one.
    """

    logical_id: str
    type: str
    name: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class StackHistory:
    """A stack and its last deployment.

    Attributes:
        status: the stack's, now or when it was deleted.
        began_at: when the last create or update began.
        was_update: whether it was an update.
        failures: what failed since, oldest first, without what was only cancelled.
        resources: every resource that the stack has or had; those that are there first.
        asked_for: what was asked for, the last deployment's wishes before older ones.
    """

    name: str
    status: str
    began_at: datetime
    was_update: bool
    failures: tuple[Evidence, ...]
    resources: tuple[Resource, ...]
    asked_for: tuple[Asked, ...]

    @property
    def is_in_progress(self) -> bool:
        """Whether CloudFormation is at work on it."""
        return self.status.endswith("_IN_PROGRESS")

    @property
    def is_deleted(self) -> bool:
        """Whether only its history is left."""
        return self.status == "DELETE_COMPLETE"

    @property
    def is_settled_well(self) -> bool:
        """Whether the stack is what the last deployment asked for."""
        return self.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"} or self.status.startswith(
            "UPDATE_COMPLETE_CLEANUP"
        )

    def of_type(self, type_: str) -> list[Resource]:
        """The resources of one type."""
        return [resource for resource in self.resources if resource.type == type_]


def read_stack_history(session: "Session", owner: Owner) -> StackHistory:
    """The history of an owner's endpoint stack; without a stage, of the only one that is there or was last.

    Raises:
        NotDeployedError: no such stack was deployed in the last 90 days.
        UsageError: several are deployed, and no stage was named.
    """
    client = session.client("cloudformation")
    pages = client.get_paginator("list_stacks").paginate()
    return _read(client, _choose([summary for page in pages for summary in page["StackSummaries"]], owner))


def read_stacks_beside(session: "Session", endpoint_stack: str) -> list[StackHistory]:
    """The histories of the stacks that belong to the endpoint's, as far as they are there."""
    client = session.client("cloudformation")
    found = []
    for part in _PARTS_BESIDE:
        try:
            (stack,) = client.describe_stacks(StackName=endpoint_stack.removesuffix(_PART) + part)["Stacks"]
        except ClientError as error:
            if "does not exist" not in error.response.get("Error", {}).get("Message", ""):
                raise
            continue
        if stack["StackStatus"] != "REVIEW_IN_PROGRESS":
            found.append(_read(client, stack))
    return found


def _read(client: Any, stack: Any) -> StackHistory:
    stack_id: str = stack["StackId"]
    events: list[Any] = [
        event
        for page in client.get_paginator("describe_stack_events").paginate(StackName=stack_id)
        for event in page["StackEvents"]
    ]
    deployment = _last_deployment(events, stack_id)
    present = [] if stack["StackStatus"] == "DELETE_COMPLETE" else _list_resources(client, stack_id)
    return StackHistory(
        name=stack["StackName"],
        status=stack["StackStatus"],
        began_at=deployment[0]["Timestamp"],
        was_update=deployment[0]["ResourceStatus"].startswith("UPDATE"),
        failures=tuple(_read_failures(deployment)),
        resources=tuple(_read_resources(present, events)),
        # First as the deployment began: a rollback's own events tell of what was before.
        asked_for=tuple(_read_asked([*deployment, *events])),
    )


def _choose(summaries: Iterable[Any], owner: Owner) -> Any:
    name = f"{owner.name}-{owner.stage}{_PART}" if owner.stage else None
    mine = [
        summary
        for summary in summaries
        # A stack in review has a change set that nobody executed: nothing was deployed.
        if summary["StackStatus"] != "REVIEW_IN_PROGRESS"
        and (summary["StackName"] == name if name else _is_endpoint_stack(summary["StackName"], owner))
    ]
    there = [summary for summary in mine if summary["StackStatus"] != "DELETE_COMPLETE"]
    if len({summary["StackName"] for summary in there}) > 1:
        names = ", ".join(sorted(summary["StackName"] for summary in there))
        raise UsageError(f"Several are deployed: {names}.", advice="Name one with --stage.")
    if not mine:
        raise NotDeployedError(
            f"{name or f'No endpoint stack of {owner}'} {'was never' if name else 'was'} deployed in this account and "
            "region, or was deleted more than 90 days ago.",
            advice="Deploy it: `make up` on this machine, or `cdk deploy -c stage=dev` on AWS.",
        )
    return max(there or mine, key=lambda summary: summary["CreationTime"])


def _is_endpoint_stack(name: str, owner: Owner) -> bool:
    return name.startswith(f"{owner.name}-") and name.endswith(_PART)


def _last_deployment(events: list[Any], stack_id: str) -> list[Any]:
    """The events since the last create or update began, oldest first."""
    for index, event in enumerate(events):
        of_the_stack = event["ResourceType"] == _STACK and event["PhysicalResourceId"] == stack_id
        if of_the_stack and event["ResourceStatus"] in _BEGINNINGS:
            return list(reversed(events[: index + 1]))
    return list(reversed(events))


def _read_failures(deployment: Iterable[Any]) -> Iterable[Evidence]:
    for event in deployment:
        reason = event.get("ResourceStatusReason") or ""
        failed = event["ResourceStatus"].endswith("_FAILED")
        if failed and event["ResourceType"] != _STACK and not reason.startswith(_CANCELLED):
            yield Evidence(
                source=f"stack event of {event['LogicalResourceId']} ({event['ResourceType']})",
                time=event["Timestamp"],
                text=f"{event['ResourceStatus']}: {reason or 'CloudFormation gives no reason'}",
            )


def _list_resources(client: Any, stack_id: str) -> list[Any]:
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack_id)
    return [
        resource
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceStatus"] != "DELETE_COMPLETE"
    ]


def _read_asked(events: Iterable[Any]) -> Iterable[Asked]:
    for event in events:
        if event["ResourceType"] in _NAMES and (properties := _parse(event.get("ResourceProperties"))):
            yield Asked(
                logical_id=event["LogicalResourceId"],
                type=event["ResourceType"],
                name=_given_name(event) or (event.get("PhysicalResourceId") or "").rpartition("/")[2],
                properties=properties,
            )


def _read_resources(present: list[Any], events: Iterable[Any]) -> list[Resource]:
    """One resource for each name: of those that are there, and of those that the events (newest first) tell of."""
    told = [event for event in events if event["ResourceType"] in _NAMES]
    names = {event["PhysicalResourceId"]: _given_name(event) for event in told if event.get("PhysicalResourceId")}
    found: dict[tuple[str, str], Resource] = {}
    for index, described in enumerate([*present, *told]):
        physical_id = described.get("PhysicalResourceId") or ""
        # The end of an ARN, unless the template gave a name: SageMaker writes ARNs in lower case, and logs not.
        name = names.get(physical_id) or physical_id.rpartition("/")[2] or _given_name(described)
        resource = Resource(
            logical_id=described["LogicalResourceId"],
            type=described["ResourceType"],
            name=name,
            is_present=index < len(present) and bool(physical_id),
        )
        found.setdefault((resource.logical_id, name.lower()), resource)
    return list(found.values())


def _given_name(event: Any) -> str:
    given = _parse(event.get("ResourceProperties"))
    return str(given.get(_NAMES[event["ResourceType"]]) or "")


def _parse(properties: str | None) -> Mapping[str, Any]:
    try:
        parsed = json.loads(properties or "{}")
    except ValueError:  # AWS cuts very long properties off
        return {}
    return parsed if isinstance(parsed, dict) else {}
