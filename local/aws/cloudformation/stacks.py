"""The stacks of one account and region, and the exports that they share."""

import re
import threading
from collections.abc import Sequence

from local.aws.cloudformation.errors import ValidationError
from local.aws.cloudformation.stack import Stack, StackOutput

_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")


class Stacks:
    """Stacks by name and id. Deleted ones are found by their id only."""

    def __init__(self, *, account_id: str, region: str, partition: str) -> None:
        self._account_id = account_id
        self._region = region
        self._partition = partition
        self._by_id: dict[str, Stack] = {}
        self._lock = threading.RLock()

    def add(self, name: str) -> Stack:
        """Make a stack of a name that no other one has.

        Raises:
            ValidationError: the name is none that a stack can have.
        """
        if not _NAME.fullmatch(name):
            raise ValidationError(
                f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: "
                "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]* and have at most 128 characters"
            )
        stack = Stack(name=name, account_id=self._account_id, region=self._region, partition=self._partition)
        with self._lock:
            self._by_id[stack.id] = stack
        return stack

    def remove(self, stack: Stack) -> None:
        """Forget a stack without a trace: one whose first request was refused."""
        with self._lock:
            self._by_id.pop(stack.id, None)

    def find(self, name_or_id: str) -> Stack | None:
        """The stack of an id, or the one of a name that is not deleted."""
        with self._lock:
            if name_or_id in self._by_id:
                return self._by_id[name_or_id]
            return next((s for s in self._by_id.values() if s.name == name_or_id and not s.is_deleted), None)

    def all(self) -> list[Stack]:
        """Every stack, newest first, deleted ones too."""
        with self._lock:
            return sorted(self._by_id.values(), key=lambda stack: stack.creation_time, reverse=True)

    def exports(self) -> dict[str, tuple[Stack, StackOutput]]:
        """The exported outputs by their export name."""
        stacks = [stack for stack in self.all() if not stack.is_deleted]
        return {
            output.export_name: (stack, output) for stack in stacks for output in stack.outputs if output.export_name
        }

    def export(self, name: str) -> str:
        """The value of an export."""
        exports = self.exports()
        if name not in exports:
            raise ValidationError(f"No export named {name} found.")
        return exports[name][1].value

    def importers(self, export_name: str) -> list[str]:
        """The names of the stacks that use an export."""
        return [stack.name for stack in self.all() if not stack.is_deleted and export_name in stack.imports]

    def check_exports(self, stack: Stack, outputs: Sequence[StackOutput]) -> None:
        """Check what a stack is about to export.

        Raises:
            ValidationError: another stack exports the name, or one uses an export that is to change or go.
        """
        exports = self.exports()
        for output in outputs:
            owner = exports.get(output.export_name or "", (stack, output))[0]
            if owner is not stack:
                raise ValidationError(
                    f"Export with name {output.export_name} is already exported by stack {owner.name}."
                )
        values = {output.export_name: output.value for output in outputs}
        for name, (owner, output) in exports.items():
            if owner is not stack or values.get(name) == output.value:
                continue
            if users := self.importers(name):
                what = "deleted" if name not in values else "updated"
                raise ValidationError(f"Export {name} cannot be {what} as it is in use by {' and '.join(users)}")

    def export_in_use(self, stack: Stack) -> tuple[str, list[str]] | None:
        """An export of the stack that others use, and their names."""
        for output in stack.outputs:
            if output.export_name and (users := self.importers(output.export_name)):
                return output.export_name, users
        return None
