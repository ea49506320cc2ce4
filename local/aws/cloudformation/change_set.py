"""Change sets: what a deployment would do, kept until it is executed or deleted."""

import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from local.aws.cloudformation.errors import AlreadyExistsError, ChangeSetNotFoundError, InvalidChangeSetStatusError
from local.aws.cloudformation.planning import Plan
from local.aws.cloudformation.stack import Stack, StackDefinition

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
INVALID_PROPERTIES = (
    "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. "
    "To troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information."
)


@dataclass(frozen=True, kw_only=True)
class ValidationEvent:
    """One thing that the early validation of a change set found."""

    logical_id: str
    type: str
    path: str
    reason: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(kw_only=True)
class ChangeSet:
    """One change set of one stack.

    Attributes:
        target: what executing it makes the stack.
        status_reason: why it failed, or None.
        on_stack_failure: ROLLBACK, DELETE or DO_NOTHING, or None for what execution says.
    """

    name: str
    stack: Stack
    type: str
    target: StackDefinition
    plan: Plan
    description: str | None = None
    include_nested_stacks: bool = False
    on_stack_failure: str | None = None
    status_reason: str | None = None
    execution_status: str = "AVAILABLE"
    id: str = ""
    creation_time: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        stack = self.stack
        prefix = f"arn:{stack.partition}:cloudformation:{stack.region}:{stack.account_id}"
        self.id = f"{prefix}:changeSet/{self.name}/{uuid.uuid4()}"
        if self.plan.problems:
            self.status_reason = INVALID_PROPERTIES
        elif self.plan.is_empty:
            self.status_reason = NO_CHANGES
        if self.status_reason:
            self.execution_status = "UNAVAILABLE"
        self.validation_events = _validation_events(self)

    @property
    def status(self) -> str:
        """Whether it could be made."""
        return "FAILED" if self.status_reason else "CREATE_COMPLETE"

    def check_executable(self) -> None:
        """Raise an InvalidChangeSetStatusError where it cannot be executed."""
        if self.status != "CREATE_COMPLETE":
            raise InvalidChangeSetStatusError(
                f"ChangeSet [{self.id}] cannot be executed in its current status of [{self.status}]"
            )
        if self.execution_status != "AVAILABLE":
            raise InvalidChangeSetStatusError(
                f"ChangeSet [{self.id}] cannot be executed in its current execution status of [{self.execution_status}]"
            )


class ChangeSets:
    """The change sets of one account and region. Their names are unique within a stack only."""

    def __init__(self) -> None:
        self._by_id: dict[str, ChangeSet] = {}
        self._lock = threading.RLock()

    def add(self, change_set: ChangeSet) -> None:
        """Keep a change set.

        Raises:
            AlreadyExistsError: its stack has one of that name.
        """
        with self._lock:
            if any(other.name == change_set.name for other in self.of_stack(change_set.stack)):
                raise AlreadyExistsError(
                    f"ChangeSet {change_set.name} already exists for stack {change_set.stack.name}"
                )
            self._by_id[change_set.id] = change_set

    def find(self, name_or_id: str, stack: Stack | None) -> ChangeSet:
        """The change set of an id, or of a name within a stack.

        Raises:
            ChangeSetNotFoundError: there is none.
        """
        with self._lock:
            if name_or_id in self._by_id:
                return self._by_id[name_or_id]
            for change_set in self.of_stack(stack) if stack else ():
                if change_set.name == name_or_id:
                    return change_set
        raise ChangeSetNotFoundError(f"ChangeSet [{name_or_id}] does not exist")

    def of_stack(self, stack: Stack) -> list[ChangeSet]:
        """The change sets of a stack."""
        with self._lock:
            return [change_set for change_set in self._by_id.values() if change_set.stack is stack]

    def remove(self, change_sets: Sequence[ChangeSet]) -> None:
        """Forget change sets."""
        with self._lock:
            for change_set in change_sets:
                self._by_id.pop(change_set.id, None)


def _validation_events(change_set: ChangeSet) -> tuple[ValidationEvent, ...]:
    types = {change.logical_id: change.type for change in change_set.plan.changes}
    return tuple(
        ValidationEvent(
            logical_id=logical_id,
            type=types[logical_id],
            path="/".join(["", "Resources", logical_id, "Properties", *map(str, problem.path)]),
            reason=problem.summary,
        )
        for logical_id, found in change_set.plan.problems.items()
        for problem in found
    )
