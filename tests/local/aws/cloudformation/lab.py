"""CloudFormation with providers that keep resources in memory, for tests of what the engine does around them."""

import json
import threading
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.aws.api import AwsApi
from local.aws.cloudformation.change_set import ChangeSet
from local.aws.cloudformation.definitions import StackRequest
from local.aws.cloudformation.deployment import FailurePolicy
from local.aws.cloudformation.parameters import GivenParameter
from local.aws.cloudformation.provider import (
    PartlyProvisionedError,
    ProvisionedResource,
    ProvisioningError,
    ResourceRequest,
)
from local.aws.cloudformation.schema import SchemaCatalogue
from local.aws.cloudformation.service import ChangeSetRequest, CloudFormation, SettleTimes
from local.aws.cloudformation.stack import Stack

# Real types, for their schemas: what is create-only, tagged and required is AWS's own.
TOPIC, PARAMETER, MODEL, COMPONENT = (
    "AWS::SNS::Topic",
    "AWS::SSM::Parameter",
    "AWS::SageMaker::Model",
    "AWS::SageMaker::InferenceComponent",
)


@dataclass
class MemoryProvider:
    """Keeps what it makes in a dictionary, and fails or waits where a test says so."""

    made: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    fails: dict[str, str] = field(default_factory=dict)
    half_makes: set[str] = field(default_factory=set)
    gates: dict[str, threading.Event] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    counts: Counter[str] = field(default_factory=Counter)

    def create(self, request: ResourceRequest) -> ProvisionedResource:
        self._act("create", request.logical_id)
        with self.lock:
            self.counts[request.logical_id] += 1
            id_ = f"{request.logical_id}-{self.counts[request.logical_id]}"
            self.made[id_] = dict(request.properties)
        resource = ProvisionedResource(physical_id=id_, attributes=_attributes(request, id_))
        if request.logical_id in self.half_makes:
            raise PartlyProvisionedError("it did not come up", resource=resource)
        return resource

    def update(self, request: ResourceRequest, current: ProvisionedResource) -> ProvisionedResource:
        self._act("update", request.logical_id)
        self.made[current.physical_id] = dict(request.properties)
        return ProvisionedResource(
            physical_id=current.physical_id, attributes=_attributes(request, current.physical_id)
        )

    def delete(self, request: ResourceRequest, current: ProvisionedResource) -> None:
        self._act("delete", request.logical_id)
        self.made.pop(current.physical_id, None)

    def _act(self, verb: str, logical_id: str) -> None:
        if gate := self.gates.get(logical_id):
            assert gate.wait(10)
        with self.lock:
            self.calls.append(f"{verb} {logical_id}")
        if reason := self.fails.get(f"{verb} {logical_id}"):
            raise ProvisioningError(reason)

    def take_calls(self) -> list[str]:
        with self.lock:
            calls, self.calls = self.calls, []
        return calls


def _attributes(request: ResourceRequest, id_: str) -> dict[str, Any]:
    return {"TopicArn": f"arn:topic:{id_}", "TopicName": id_, "ModelArn": f"arn:model:{id_}", **request.properties}


class Lab:
    """One account's CloudFormation; every operation has settled when its call returns."""

    def __init__(self, *, aws: AwsApi, schemas: SchemaCatalogue, settle_s: float = 20) -> None:
        self.aws = aws
        self.provider = MemoryProvider()
        self.cloudformation = CloudFormation(
            account_id="123456789012",
            region="us-east-1",
            partition="aws",
            aws=aws,
            providers=dict.fromkeys((TOPIC, PARAMETER, MODEL, COMPONENT), self.provider),
            schemas=schemas,
            settle=SettleTimes(deployment_s=settle_s, deletion_s=settle_s),
        )

    def change_set(self, template: Any, *, name: str = "stack", **request: Any) -> ChangeSet:
        exists = (stack := self.cloudformation.stacks.find(name)) is not None and stack.status != "REVIEW_IN_PROGRESS"
        return self.cloudformation.create_change_set(
            stack_request(template, name=name, **request),
            ChangeSetRequest(name=f"change-set-{uuid.uuid4()}", type="UPDATE" if exists else "CREATE"),
        )

    def deploy(self, template: Any, *, name: str = "stack", roll_back: bool = True, **request: Any) -> Stack:
        change_set = self.change_set(template, name=name, **request)
        assert change_set.status == "CREATE_COMPLETE", change_set.status_reason
        self.cloudformation.execute_change_set(
            change_set, disable_rollback=not roll_back, retain_except_on_create=False
        )
        return change_set.stack

    def create(self, template: Any, policy: FailurePolicy | None = None, *, name: str = "stack") -> Stack:
        request = stack_request(template, name=name)
        return self.cloudformation.create_stack(request, policy or FailurePolicy(), termination_protection=False)

    def delete(self, name: str = "stack", *, retain: frozenset[str] = frozenset(), force: bool = False) -> None:
        self.cloudformation.delete_stack(name, retain=retain, force=force)


def stack_request(
    template: Any, *, name: str, parameters: Mapping[str, str] | None = None, tags: Mapping[str, str] | None = None
) -> StackRequest:
    given = [GivenParameter(key=key, value=value) for key, value in (parameters or {}).items()]
    body = template if isinstance(template, str) else json.dumps(template)
    return StackRequest(stack_name=name, template_body=body, parameters=tuple(given), tags=tags)


def resources(**definitions: Any) -> dict[str, Any]:
    return {"Resources": definitions}


def topic(display_name: Any = "a topic", **attributes: Any) -> dict[str, Any]:
    """A resource all of whose properties but its name can change in place."""
    return {"Type": TOPIC, "Properties": {"DisplayName": display_name}, **attributes}


def model(role: Any = "arn:aws:iam::123456789012:role/r", **attributes: Any) -> dict[str, Any]:
    """A resource of which a change is a replacement."""
    return {"Type": MODEL, "Properties": {"ExecutionRoleArn": role}, **attributes}


def history(stack: Stack) -> list[str]:
    """The statuses that the stack itself has gone through, oldest first."""
    return [event.status for event in reversed(stack.events) if event.type == "AWS::CloudFormation::Stack"]


def events_of(stack: Stack, logical_id: str) -> list[str]:
    return [event.status for event in reversed(stack.events) if event.logical_id == logical_id]
