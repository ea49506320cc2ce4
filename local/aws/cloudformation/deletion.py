"""Deleting resources: those of a whole stack, and those that an update or a rollback leaves over."""

import threading
from collections.abc import Callable, Sequence

from local.aws.cloudformation.errors import ValidationError
from local.aws.cloudformation.graph import in_order, run_in_order
from local.aws.cloudformation.provisioner import Provisioner
from local.aws.cloudformation.stack import Stack, StackResource


def delete_all(
    resources: Sequence[StackResource],
    *,
    provisioner: Provisioner,
    is_retained: Callable[[StackResource], bool],
    max_parallel: int,
) -> list[StackResource]:
    """Delete resources, each before those that it was made after, and give back those that are still there.

    A resource that cannot be deleted does not stop the others; what it was made after is left too.
    """
    by_incarnation = {resource.incarnation: resource for resource in resources}
    dependencies = {
        incarnation: frozenset(other.incarnation for other in resources if resource.logical_id in other.dependencies)
        for incarnation, resource in by_incarnation.items()
    }
    left = dict(by_incarnation)
    lock = threading.Lock()

    def delete(incarnation: str) -> bool:
        resource = by_incarnation[incarnation]
        done = provisioner.retain(resource) if is_retained(resource) else provisioner.delete(resource)
        with lock:
            if done.status == "DELETE_FAILED":
                left[incarnation] = done
            else:
                del left[incarnation]
        return done.status != "DELETE_FAILED"

    try:
        in_order(dependencies)
    except ValidationError:
        # Old and new resources of the same names can depend on each other both ways; then any order is as good.
        dependencies = {incarnation: frozenset() for incarnation in reversed(list(by_incarnation))}
    run_in_order(dependencies, delete, max_parallel=max_parallel, stop_on_failure=False)
    return list(left.values())


class StackDeletion:
    """One run that deletes a stack, whose status whoever accepts the request has set to DELETE_IN_PROGRESS."""

    def __init__(
        self, *, stack: Stack, provisioner: Provisioner, retain: frozenset[str], force: bool, max_parallel: int
    ) -> None:
        """Prepare a run.

        The resources in ``retain`` are left where they are; with ``force`` those that cannot be deleted are forgotten.
        """
        self._stack = stack
        self._provisioner = provisioner
        self._retain = retain
        self._force = force
        self._max_parallel = max_parallel

    def run(self) -> None:
        """Do all of it; returns when the stack is deleted or its deletion has failed."""
        stack = self._stack
        stack.begin_operation()
        resources = [
            resource for resource in (*stack.resources.values(), *stack.superseded) if resource.physical is not None
        ]
        left = delete_all(
            resources, provisioner=self._provisioner, is_retained=self._is_retained, max_parallel=self._max_parallel
        )
        if self._force:
            for resource in left:
                self._provisioner.retain(resource)
            left = []
        current = {resource.incarnation for resource in stack.resources.values()}
        stack.superseded = tuple(resource for resource in left if resource.incarnation not in current)
        stack.replace_resources({resource.logical_id: resource for resource in left if resource.incarnation in current})
        failed = [resource.logical_id for resource in left if resource.status == "DELETE_FAILED"]
        if failed:
            stack.set_status("DELETE_FAILED", f"The following resource(s) failed to delete: [{', '.join(failed)}]. ")
            return
        stack.outputs, stack.imports = (), frozenset()
        stack.set_status("DELETE_COMPLETE")

    def _is_retained(self, resource: StackResource) -> bool:
        return resource.logical_id in self._retain or resource.definition.deletion_policy != "Delete"
