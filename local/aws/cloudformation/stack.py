"""A stack: what it was asked to be, what it consists of, and what has happened to it.

It is state with its invariants (one status, events in order, one resource per logical id) and nothing else:
operations work on it from their own threads, the API reads it. Values are frozen and replaced whole, so a reader
never sees half a change.
"""

import logging
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from local.aws.cloudformation.parameters import ParameterValue
from local.aws.cloudformation.provider import ProvisionedResource
from local.aws.cloudformation.template import ResourceDefinition, Template

_LOG = logging.getLogger(__name__)

STACK_TYPE = "AWS::CloudFormation::Stack"


@dataclass(frozen=True, kw_only=True)
class StackDefinition:
    """What a stack is asked to be."""

    template: Template
    parameters: Mapping[str, ParameterValue]
    tags: Mapping[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    role_arn: str | None = None
    notification_arns: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StackResource:
    """One resource of a stack.

    Attributes:
        properties: as they were last given to the provider, references to secrets left in place.
        physical: what exists, or None where nothing was made.
        dependencies: the logical ids that it was made after, and is deleted before.
        incarnation: which physical resource of this logical id it is; an update in place keeps it, a replacement does
        not.
    """

    definition: ResourceDefinition
    properties: Mapping[str, Any]
    dependencies: frozenset[str]
    physical: ProvisionedResource | None
    status: str
    status_reason: str | None = None
    timestamp: datetime
    incarnation: str

    @property
    def logical_id(self) -> str:
        """The template's name of it."""
        return self.definition.logical_id

    @property
    def type(self) -> str:
        """Its resource type."""
        return self.definition.type

    @property
    def physical_id(self) -> str | None:
        """What ``Ref`` gives."""
        return self.physical.physical_id if self.physical else None


@dataclass(frozen=True, kw_only=True)
class StackOutput:
    """A value that a stack gives."""

    key: str
    value: str
    description: str | None = None
    export_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class StackEvent:
    """One line of a stack's history."""

    id: str
    operation_id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    status_reason: str | None
    timestamp: datetime
    properties: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class StackState:
    """What a stack consisted of at one moment: what a rollback goes back to."""

    definition: StackDefinition | None = None
    resources: Mapping[str, StackResource] = field(default_factory=dict)
    outputs: tuple[StackOutput, ...] = ()
    imports: frozenset[str] = frozenset()


class Stack:
    """One stack of one account and region.

    Attributes:
        definition: what it was last made to be; None until it is first worked on.
        imports: the names of the exports that it uses.
        stable: what it consisted of when it was last settled; a rollback restores it.
        superseded: resources that failed operations left behind, among neither its resources nor the stable ones.
        cancelled: set to make the operation in progress start nothing more.
    """

    def __init__(self, *, name: str, account_id: str, region: str, partition: str = "aws") -> None:
        self.name = name
        self.account_id = account_id
        self.region = region
        self.partition = partition
        self.id = f"arn:{partition}:cloudformation:{region}:{account_id}:stack/{name}/{uuid.uuid4()}"
        self.creation_time = datetime.now(UTC)
        self.last_updated_time: datetime | None = None
        self.deletion_time: datetime | None = None
        self.status = "REVIEW_IN_PROGRESS"
        self.status_reason: str | None = None
        self.definition: StackDefinition | None = None
        self.outputs: tuple[StackOutput, ...] = ()
        self.imports: frozenset[str] = frozenset()
        self.stable = StackState()
        self.superseded: tuple[StackResource, ...] = ()
        self.change_set_id: str | None = None
        self.disable_rollback = False
        self.termination_protection = False
        self.operation_id = str(uuid.uuid4())
        self.cancelled = threading.Event()
        self._resources: dict[str, StackResource] = {}
        self._events: list[StackEvent] = []
        self._lock = threading.RLock()

    @property
    def is_deleted(self) -> bool:
        """Whether only its history is left."""
        return self.status == "DELETE_COMPLETE"

    @property
    def is_in_progress(self) -> bool:
        """Whether an operation is at work on it."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def resources(self) -> dict[str, StackResource]:
        """Its resources by logical id, as they are at this moment."""
        with self._lock:
            return dict(self._resources)

    def resource(self, logical_id: str) -> StackResource | None:
        """The resource of a logical id as it is at this moment."""
        with self._lock:
            return self._resources.get(logical_id)

    @property
    def events(self) -> tuple[StackEvent, ...]:
        """Its history, newest first."""
        with self._lock:
            return tuple(reversed(self._events))

    def put(self, resource: StackResource) -> None:
        """Add or replace the resource of one logical id."""
        with self._lock:
            self._resources[resource.logical_id] = resource

    def drop(self, logical_id: str) -> None:
        """Forget the resource of a logical id."""
        with self._lock:
            self._resources.pop(logical_id, None)

    def replace_resources(self, resources: Mapping[str, StackResource]) -> None:
        """Make these its resources."""
        with self._lock:
            self._resources = dict(resources)

    def snapshot(self) -> StackState:
        """What it consists of at this moment."""
        return StackState(
            definition=self.definition, resources=self.resources, outputs=self.outputs, imports=self.imports
        )

    def restore(self, state: StackState) -> None:
        """Make it consist of this again."""
        with self._lock:
            self.definition, self.outputs, self.imports = state.definition, state.outputs, state.imports
            self._resources = dict(state.resources)

    def begin_operation(self) -> None:
        """Start a new operation: the events that follow carry its id."""
        with self._lock:
            self.operation_id = str(uuid.uuid4())
            self.cancelled.clear()

    def cancel(self, status: str, reason: str) -> None:
        """Take the stack away from the operation at work on it: it starts nothing more and sets no status any more."""
        with self._lock:
            self.begin_operation()
            self.set_status(status, reason)
            self.cancelled.set()

    def set_status(self, status: str, reason: str | None = None) -> None:
        """Move to a status, which is an event too; nothing happens once the operation is cancelled."""
        with self._lock:
            if self.cancelled.is_set():
                return
            self.status, self.status_reason = status, reason
            _LOG.info("stack %s: %s%s", self.name, status, f": {reason}" if reason else "")
            event = self._record(
                logical_id=self.name, physical_id=self.id, type_=STACK_TYPE, status=status, reason=reason
            )
            if status == "DELETE_COMPLETE":
                self.deletion_time = event.timestamp

    def record(self, resource: StackResource) -> StackResource:
        """Record the resource's status as an event, and return the resource with the event's time."""
        with self._lock:
            event = self._record(
                logical_id=resource.logical_id,
                physical_id=resource.physical_id or "",
                type_=resource.type,
                status=resource.status,
                reason=resource.status_reason,
                properties=resource.properties,
            )
            return replace(resource, timestamp=event.timestamp)

    def _record(
        self,
        *,
        logical_id: str,
        physical_id: str,
        type_: str,
        status: str,
        reason: str | None,
        properties: Mapping[str, Any] | None = None,
    ) -> StackEvent:
        now = datetime.now(UTC)
        if self._events:  # clients sort by time to the millisecond, so no two events may share one
            now = max(now, self._events[-1].timestamp + timedelta(milliseconds=1))
        event = StackEvent(
            id=str(uuid.uuid4()) if type_ == STACK_TYPE else f"{logical_id}-{status}-{uuid.uuid4()}",
            operation_id=self.operation_id,
            logical_id=logical_id,
            physical_id=physical_id,
            type=type_,
            status=status,
            status_reason=reason,
            timestamp=now,
            properties=properties,
        )
        self._events.append(event)
        return event
