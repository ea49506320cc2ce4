"""What a project's stacks hold, as CloudFormation lists it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boto3 import Session

_GONE = "DELETE_COMPLETE"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource.

    Attributes:
        type: CloudFormation's name of its type.
        physical_id: its name, id or ARN, as CloudFormation has it.
        stack: the stack that holds it; empty for what none holds.
    """

    type: str
    physical_id: str
    stack: str = ""

    @property
    def name(self) -> str:
        """Its name: of an ARN of the form `…:kind/name`, what is behind the kind."""
        if not self.physical_id.startswith("arn:"):
            return self.physical_id
        rest = self.physical_id.split(":", 5)[-1]
        return rest.partition("/")[2] or rest.rpartition(":")[2]


def list_stacks(session: "Session") -> list[str]:
    """The names of the stacks in the session's account and region, in order."""
    pages = session.client("cloudformation").get_paginator("describe_stacks").paginate()
    return sorted(stack["StackName"] for page in pages for stack in page["Stacks"])


def list_resources(session: "Session", stacks: Iterable[str]) -> list[Resource]:
    """What the stacks hold, a stack after the other; what failed before it was made has no id and is left out."""
    client: Any = session.client("cloudformation")
    return [
        Resource(type=summary["ResourceType"], physical_id=summary["PhysicalResourceId"], stack=stack)
        for stack in stacks
        for page in client.get_paginator("list_stack_resources").paginate(StackName=stack)
        for summary in page["StackResourceSummaries"]
        if summary.get("PhysicalResourceId") and summary["ResourceStatus"] != _GONE
    ]
