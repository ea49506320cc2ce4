"""Going back to what a stack last was: after a deployment that failed, or when the caller asks for it."""

import threading
from dataclasses import replace
from datetime import UTC, datetime

from local.aws.cloudformation.deletion import delete_all
from local.aws.cloudformation.graph import run_in_order
from local.aws.cloudformation.provisioner import Provisioner
from local.aws.cloudformation.stack import Stack, StackResource

SKIPPED = "Resource skipped during UpdateRollback"


class Rollback:
    """One run that takes a stack back to its stable state; of a stack that never was one, that is nothing at all."""

    def __init__(
        self,
        *,
        stack: Stack,
        provisioner: Provisioner,
        retain_except_on_create: bool,
        max_parallel: int,
        skip: frozenset[str] = frozenset(),
    ) -> None:
        """Prepare a run.

        With ``retain_except_on_create`` what was newly made is deleted even where its policy is to retain it. The
        resources in ``skip`` are taken as restored although they are not.
        """
        self._stack = stack
        self._provisioner = provisioner
        self._retain_except_on_create = retain_except_on_create
        self._max_parallel = max_parallel
        self._skip = skip
        self._prefix = "ROLLBACK" if stack.stable.definition is None else "UPDATE_ROLLBACK"
        self._failures: list[str] = []
        self._lock = threading.Lock()

    def begin(self, reason: str | None = None) -> None:
        """Set the status in progress."""
        self._stack.set_status(f"{self._prefix}_IN_PROGRESS", reason)

    def run(self) -> None:
        """Do all of it; returns when the stack has settled."""
        stable = self._stack.stable
        run_in_order(
            {logical_id: r.dependencies & stable.resources.keys() for logical_id, r in stable.resources.items()},
            self._restore,
            max_parallel=self._max_parallel,
            stop_on_failure=True,
        )
        if self._failures:
            reason = f"The following resource(s) failed to update: [{', '.join(self._failures)}]. "
            self._stack.set_status(f"{self._prefix}_FAILED", reason)
            return
        left = self._delete_what_is_new()
        if left and self._prefix == "ROLLBACK":
            failed = ", ".join(resource.logical_id for resource in left if resource.status == "DELETE_FAILED")
            self._stack.set_status("ROLLBACK_FAILED", f"The following resource(s) failed to delete: [{failed}]. ")
            return
        if self._prefix == "UPDATE_ROLLBACK":
            self._stack.last_updated_time = datetime.now(UTC)
        self._stack.set_status(f"{self._prefix}_COMPLETE")

    def _restore(self, logical_id: str) -> bool:
        wanted = self._stack.stable.resources[logical_id]
        current = self._stack.resources.get(logical_id)
        if logical_id in self._skip:
            restored = self._stack.record(replace(wanted, status="UPDATE_COMPLETE", status_reason=SKIPPED))
        elif current is None or current.incarnation != wanted.incarnation:
            if current is not None:
                with self._lock:
                    self._stack.superseded = (*self._stack.superseded, current)
            restored = self._stack.record(replace(wanted, status="UPDATE_COMPLETE", status_reason=None))
        elif current.properties != wanted.properties or current.status == "UPDATE_FAILED":
            restored = self._provisioner.update(current, wanted.definition, wanted.properties, wanted.dependencies)
        else:
            restored = wanted
        self._stack.put(restored)
        if restored.status == "UPDATE_FAILED":
            with self._lock:
                self._failures.append(logical_id)
            return False
        return True

    def _delete_what_is_new(self) -> list[StackResource]:
        stack = self._stack
        stable = {resource.incarnation for resource in stack.stable.resources.values()}
        everything = (*stack.resources.values(), *stack.superseded)
        new = [
            resource for resource in everything if resource.incarnation not in stable and resource.physical is not None
        ]
        restored = {
            logical_id: resource
            for logical_id, resource in stack.resources.items()
            if logical_id in stack.stable.resources
        }
        if self._prefix == "UPDATE_ROLLBACK":
            stack.restore(replace(stack.stable, resources=restored))
            stack.stable, stack.superseded = stack.snapshot(), ()
            stack.set_status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        left = delete_all(
            new, provisioner=self._provisioner, is_retained=self._is_retained, max_parallel=self._max_parallel
        )
        if self._prefix == "ROLLBACK":
            stack.replace_resources({resource.logical_id: resource for resource in left})
            stack.superseded = ()
        return left

    def _is_retained(self, resource: StackResource) -> bool:
        return resource.definition.deletion_policy == "Retain" and not self._retain_except_on_create
