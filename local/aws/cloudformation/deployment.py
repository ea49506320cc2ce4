"""Making a stack what it is asked to be: created or updated, completed or rolled back.

It knows the order of things and the statuses a stack goes through. How one resource is made it leaves to the
provisioner.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from local.aws.cloudformation.deletion import delete_all
from local.aws.cloudformation.differences import compare, takes_replacement
from local.aws.cloudformation.errors import CloudFormationError
from local.aws.cloudformation.graph import run_in_order
from local.aws.cloudformation.outputs import resolve_outputs
from local.aws.cloudformation.provisioner import Provisioner
from local.aws.cloudformation.rollback import Rollback
from local.aws.cloudformation.schema import SchemaCatalogue
from local.aws.cloudformation.scope import StackScope
from local.aws.cloudformation.stack import Stack, StackDefinition, StackOutput, StackResource


@dataclass(frozen=True, kw_only=True)
class FailurePolicy:
    """What is to happen where a deployment fails.

    Attributes:
        roll_back: go back to what was, rather than stopping where it failed.
        delete_after_rollback: delete a stack whose creation was rolled back (``OnFailure: DELETE``).
        retain_except_on_create: delete what was newly made even where its policy is to retain it.
    """

    roll_back: bool = True
    delete_after_rollback: bool = False
    retain_except_on_create: bool = False


class Deployment:
    """One run that makes a stack what its definition says.

    The stack's status is set to the one in progress before :meth:`run` is called, by whoever accepts the request.
    """

    def __init__(
        self,
        *,
        stack: Stack,
        target: StackDefinition,
        scope: StackScope,
        provisioner: Provisioner,
        schemas: SchemaCatalogue,
        check_exports: Callable[[Sequence[StackOutput]], None],
        failure_policy: FailurePolicy,
        max_parallel: int,
    ) -> None:
        """Prepare a run.

        ``scope`` resolves the target over the stack's resources as they come to be; ``check_exports`` raises a
        ValidationError where what the stack is about to export clashes with other stacks.
        """
        self._stack = stack
        self._target = target
        self._scope = scope
        self._provisioner = provisioner
        self._schemas = schemas
        self._check_exports = check_exports
        self._policy = failure_policy
        self._max_parallel = max_parallel
        self._is_creation = stack.status == "CREATE_IN_PROGRESS"
        self._failures: list[StackResource] = []
        self._lock = threading.Lock()

    def run(self) -> None:
        """Do all of it; returns when the stack has settled."""
        reason = self._make_resources() or self._make_outputs()
        if self._stack.cancelled.is_set():
            return
        if reason is None:
            self._complete()
        elif self._policy.roll_back:
            self._roll_back(reason)
        else:
            self._stack.set_status("CREATE_FAILED" if self._is_creation else "UPDATE_FAILED", reason)

    def _make_resources(self) -> str | None:
        wanted = frozenset(self._scope.resources_wanted())
        definitions = self._target.template.resources
        dependencies = {logical_id: definitions[logical_id].referenced() & wanted for logical_id in sorted(wanted)}

        def make(logical_id: str) -> bool:
            return not self._stack.cancelled.is_set() and self._make(logical_id, dependencies[logical_id])

        run_in_order(dependencies, make, max_parallel=self._max_parallel, stop_on_failure=True)
        return _failure_reason(self._failures) if self._failures else None

    def _make(self, logical_id: str, dependencies: frozenset[str]) -> bool:
        definition = self._target.template.resources[logical_id]
        existing = self._stack.resources.get(logical_id)
        try:
            properties = self._provisioner.properties(definition, self._scope, self._target)
        except CloudFormationError as error:
            return self._finish(self._provisioner.failed(definition, existing, str(error)), existing)
        if existing is not None and existing.status == "CREATE_FAILED" and existing.physical is not None:
            existing = self._clear_away(existing)
            if existing is not None:
                return self._finish(existing, existing)
        if existing is None or existing.physical is None:
            return self._finish(self._provisioner.create(definition, properties, dependencies), None)
        differences = compare(existing.properties, properties, self._schemas.find(definition.type))
        if takes_replacement(differences):
            made = self._provisioner.create(definition, properties, dependencies, replaces=existing)
            return self._finish(made, existing)
        if differences or existing.status == "UPDATE_FAILED":
            return self._finish(self._provisioner.update(existing, definition, properties, dependencies), existing)
        self._stack.put(replace(existing, definition=definition, dependencies=dependencies))
        return True

    def _clear_away(self, half_made: StackResource) -> StackResource | None:
        """Delete what an earlier failed creation left; gives it back where that fails too."""
        deleted = self._provisioner.delete(half_made)
        return None if deleted.status == "DELETE_COMPLETE" else replace(deleted, status="CREATE_FAILED")

    def _finish(self, made: StackResource, existing: StackResource | None) -> bool:
        succeeded = made.status.endswith("_COMPLETE")
        if not succeeded and existing is not None and made.incarnation != existing.incarnation:
            # A replacement that failed: the old resource stays the stack's, what was half made is left over.
            self._supersede(made)
            made = replace(existing, status=made.status, status_reason=made.status_reason, timestamp=made.timestamp)
        elif existing is not None and made.incarnation != existing.incarnation:
            self._supersede(existing)
        self._stack.put(made)
        if not succeeded:
            with self._lock:
                self._failures.append(made)
        return succeeded

    def _supersede(self, resource: StackResource) -> None:
        if resource.physical is not None:
            with self._lock:
                self._stack.superseded = (*self._stack.superseded, resource)

    def _make_outputs(self) -> str | None:
        if self._stack.cancelled.is_set():
            return None
        try:
            outputs = resolve_outputs(self._target.template, self._scope)
            self._check_exports(outputs)
        except CloudFormationError as error:
            return str(error)
        self._stack.definition = self._target
        self._stack.outputs = outputs
        self._stack.imports = frozenset(self._scope.imports)
        return None

    def _complete(self) -> None:
        stack = self._stack
        wanted = self._scope.resources_wanted()
        removed = tuple(resource for logical_id, resource in stack.resources.items() if logical_id not in wanted)
        for resource in removed:
            stack.drop(resource.logical_id)
        garbage = (*stack.superseded, *(resource for resource in removed if resource.physical is not None))
        stack.stable, stack.superseded = stack.snapshot(), ()
        if garbage:
            stack.set_status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
            delete_all(
                garbage,
                provisioner=self._provisioner,
                is_retained=lambda r: (
                    (r.definition.deletion_policy if r in removed else r.definition.update_replace_policy) != "Delete"
                ),
                max_parallel=self._max_parallel,
            )
        if self._is_creation:
            stack.set_status("CREATE_COMPLETE")
        else:
            stack.last_updated_time = datetime.now(UTC)
            stack.set_status("UPDATE_COMPLETE")

    def _roll_back(self, reason: str) -> None:
        rollback = Rollback(
            stack=self._stack,
            provisioner=self._provisioner,
            retain_except_on_create=self._policy.retain_except_on_create,
            max_parallel=self._max_parallel,
        )
        said = reason.rstrip(".")
        rollback.begin(f"{said}. Rollback requested by user." if self._is_creation else f"{said}. ")
        rollback.run()
        if self._is_creation and self._policy.delete_after_rollback and self._stack.status == "ROLLBACK_COMPLETE":
            self._stack.set_status("DELETE_COMPLETE")


def _failure_reason(failures: Sequence[StackResource]) -> str:
    created = [r.logical_id for r in failures if r.status == "CREATE_FAILED"]
    updated = [r.logical_id for r in failures if r.status == "UPDATE_FAILED"]
    parts = []
    if created:
        parts.append(f"The following resource(s) failed to create: [{', '.join(created)}]")
    if updated:
        parts.append(f"The following resource(s) failed to update: [{', '.join(updated)}]")
    return ". ".join(parts)
