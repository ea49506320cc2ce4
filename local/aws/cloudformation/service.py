"""CloudFormation in one account and region: what each request of its API does.

It knows states and what they allow. How requests come and answers go is in :mod:`local.aws.cloudformation.responses`.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from local.aws.api import AwsApi
from local.aws.cloudformation.change_set import ChangeSet, ChangeSets
from local.aws.cloudformation.definitions import Definitions, StackRequest
from local.aws.cloudformation.deployment import FailurePolicy
from local.aws.cloudformation.errors import AlreadyExistsError, ValidationError
from local.aws.cloudformation.lookups import AccountLookups
from local.aws.cloudformation.operations import Operations
from local.aws.cloudformation.provider import ResourceProvider
from local.aws.cloudformation.runs import Runs
from local.aws.cloudformation.schema import SchemaCatalogue
from local.aws.cloudformation.stack import Stack
from local.aws.cloudformation.stacks import Stacks

_UPDATABLE = frozenset(
    [
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "CREATE_FAILED",
        "UPDATE_FAILED",
    ]
)
_DELETABLE_IN_PROGRESS = frozenset({"CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"})


@dataclass(frozen=True, kw_only=True)
class SettleTimes:
    """How long a request waits for the operation that it starts, so that a small stack is done when it is answered.

    The CDK CLI asks for a stack's state every 5 s: shorter than that, waiting here delays nothing. It follows the
    events of a deletion from before it asks for it, those of a deployment only from then on.
    """

    deployment_s: float = 4.5
    deletion_s: float = 10.0


@dataclass(frozen=True, kw_only=True)
class ChangeSetRequest:
    """What a request says about a change set, beside the stack that it wants."""

    name: str
    type: str
    description: str | None = None
    include_nested_stacks: bool = False
    on_stack_failure: str | None = None


class CloudFormation:
    """The API's actions on stacks and change sets."""

    def __init__(
        self,
        *,
        account_id: str,
        region: str,
        partition: str,
        aws: AwsApi,
        providers: Mapping[str, ResourceProvider],
        schemas: SchemaCatalogue,
        settle: SettleTimes,
    ) -> None:
        self.stacks = Stacks(account_id=account_id, region=region, partition=partition)
        self.change_sets = ChangeSets()
        lookups = AccountLookups(aws=aws, account_id=account_id, region=region)
        self._definitions = Definitions(lookups=lookups, schemas=schemas, available_types=frozenset(providers))
        self._runs = Runs(stacks=self.stacks, providers=providers, schemas=schemas, lookups=lookups)
        self._operations = Operations()
        self._settle = settle
        self._lock = threading.RLock()  # one request at a time decides what a stack's state allows

    def find(self, name_or_id: str) -> Stack:
        """The stack of a name or an id.

        Raises:
            ValidationError: there is none.
        """
        stack = self.stacks.find(name_or_id)
        if stack is None:
            raise ValidationError(f"Stack with id {name_or_id} does not exist")
        return stack

    def template_text(self, request: StackRequest) -> str:
        """The text of the template that a request names."""
        return self._definitions.template_text(request, None)

    def create_change_set(self, request: StackRequest, wanted: ChangeSetRequest) -> ChangeSet:
        """Work out what a deployment would do, and keep it; a new stack is there from now on, in review."""
        with self._lock:
            stack = self.stacks.find(request.stack_name)
            if wanted.type == "IMPORT":
                raise ValidationError("ChangeSetType IMPORT is not available in the local AWS; CREATE and UPDATE are.")
            if wanted.type == "UPDATE":
                stack = self._updatable(request.stack_name)
            elif stack is not None and stack.status != "REVIEW_IN_PROGRESS":
                raise ValidationError(
                    f"Stack [{stack.name}] already exists and cannot be created again "
                    f"with the changeSet [{wanted.name}]"
                )
            target = self._definitions.make(request, stack.definition if stack else None)
            is_new = stack is None
            stack = stack or self.stacks.add(request.stack_name)
            try:
                change_set = ChangeSet(
                    name=wanted.name,
                    stack=stack,
                    type=wanted.type,
                    target=target,
                    plan=self._runs.plan(stack, target),
                    description=wanted.description,
                    include_nested_stacks=wanted.include_nested_stacks,
                    on_stack_failure=wanted.on_stack_failure,
                )
                self.change_sets.add(change_set)
            except Exception:
                if is_new:
                    self.stacks.remove(stack)
                raise
            if is_new:
                stack.set_status("REVIEW_IN_PROGRESS", "User Initiated")
            return change_set

    def execute_change_set(
        self, change_set: ChangeSet, *, disable_rollback: bool | None, retain_except_on_create: bool
    ) -> None:
        """Make its stack what a change set says."""
        with self._lock:
            change_set.check_executable()
            stack = change_set.stack
            if change_set.type == "UPDATE":
                self._updatable(stack.id)
            on_failure = change_set.on_stack_failure
            policy = FailurePolicy(
                roll_back=not disable_rollback and on_failure != "DO_NOTHING",
                delete_after_rollback=on_failure == "DELETE",
                retain_except_on_create=retain_except_on_create,
            )
            self.change_sets.remove([other for other in self.change_sets.of_stack(stack) if other is not change_set])
            change_set.execution_status = "EXECUTE_IN_PROGRESS"
            stack.change_set_id = change_set.id
            run = self._runs.deployment(stack, change_set.target, policy)

        def execute() -> None:
            run()
            succeeded = stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
            change_set.execution_status = "EXECUTE_COMPLETE" if succeeded else "EXECUTE_FAILED"

        self._operations.start(stack, execute, settle_s=self._settle.deployment_s)

    def delete_change_set(self, change_set: ChangeSet) -> None:
        """Forget a change set."""
        self.change_sets.remove([change_set])

    def create_stack(self, request: StackRequest, policy: FailurePolicy, *, termination_protection: bool) -> Stack:
        """Make a stack without a change set."""
        with self._lock:
            if self.stacks.find(request.stack_name) is not None:
                raise AlreadyExistsError(f"Stack [{request.stack_name}] already exists")
            target = self._definitions.make(request, None)
            stack = self.stacks.add(request.stack_name)
            try:
                self._runs.plan(stack, target)
            except Exception:
                self.stacks.remove(stack)
                raise
            stack.termination_protection = termination_protection
            run = self._runs.deployment(stack, target, policy)
        self._operations.start(stack, run, settle_s=self._settle.deployment_s)
        return stack

    def update_stack(self, request: StackRequest, policy: FailurePolicy) -> Stack:
        """Change a stack without a change set."""
        with self._lock:
            stack = self._updatable(request.stack_name)
            target = self._definitions.make(request, stack.definition)
            if self._runs.plan(stack, target).is_empty:
                raise ValidationError("No updates are to be performed.")
            run = self._runs.deployment(stack, target, policy)
        self._operations.start(stack, run, settle_s=self._settle.deployment_s)
        return stack

    def delete_stack(self, name_or_id: str, *, retain: frozenset[str], force: bool) -> None:
        """Delete a stack; one that is not there is deleted already."""
        with self._lock:
            stack = self.stacks.find(name_or_id)
            if stack is None or stack.is_deleted or stack.status == "DELETE_IN_PROGRESS":
                return
            if stack.termination_protection:
                raise ValidationError(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
            if stack.is_in_progress and stack.status not in _DELETABLE_IN_PROGRESS:
                raise ValidationError(f"Stack [{stack.name}] cannot be deleted while in status {stack.status}")
            if retain and stack.status != "DELETE_FAILED":
                raise ValidationError(
                    f"Invalid operation on stack [{stack.id}]: "
                    "RetainResources can be given for a stack in DELETE_FAILED only"
                )
            if in_use := self.stacks.export_in_use(stack):
                # As in AWS the request succeeds, and the stack stays what it was with the reason beside its status.
                stack.status_reason = (
                    f"Delete canceled. Cannot delete export {in_use[0]} as it is in use by {', '.join(in_use[1])}."
                )
                return
            self.change_sets.remove(self.change_sets.of_stack(stack))
            stack.cancel("DELETE_IN_PROGRESS", "User Initiated")
            run = self._runs.deletion(stack, retain=retain, force=force)
        self._operations.start(stack, run, settle_s=self._settle.deletion_s)

    def roll_back_stack(self, name_or_id: str, *, retain_except_on_create: bool) -> Stack:
        """Take a stack whose deployment stopped at a failure back to what it was."""
        return self._roll_back(name_or_id, ("CREATE_FAILED", "UPDATE_FAILED"), retain_except_on_create, frozenset())

    def continue_update_rollback(self, name_or_id: str, *, skip: frozenset[str]) -> Stack:
        """Try a rollback again that had failed."""
        return self._roll_back(name_or_id, ("UPDATE_ROLLBACK_FAILED",), False, skip)

    def _roll_back(
        self, name_or_id: str, allowed: tuple[str, ...], retain_except_on_create: bool, skip: frozenset[str]
    ) -> Stack:
        with self._lock:
            stack = self.find(name_or_id)
            if stack.status not in allowed:
                raise ValidationError(
                    f"Stack [{stack.name}] is in {stack.status} state and can not be rolled back; "
                    f"it must be in {' or '.join(allowed)}"
                )
            run = self._runs.rollback(stack, retain_except_on_create=retain_except_on_create, skip=skip)
        self._operations.start(stack, run, settle_s=self._settle.deployment_s)
        return stack

    def _updatable(self, name_or_id: str) -> Stack:
        stack = self.stacks.find(name_or_id)
        if stack is None or stack.is_deleted:
            raise ValidationError(f"Stack [{name_or_id}] does not exist")
        if stack.status not in _UPDATABLE:
            raise ValidationError(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
        return stack
