"""What differs between a resource as it is and as it is wanted.

Whether that takes nothing, an update in place or a new resource the published schema decides; a provider is not asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from local.aws.cloudformation.schema import ResourceSchema
from local.aws.cloudformation.values import has_unknown


class Recreation(StrEnum):
    """Whether a changed property takes a new resource, in CloudFormation's words."""

    NEVER = "Never"
    CONDITIONALLY = "Conditionally"
    ALWAYS = "Always"


@dataclass(frozen=True, kw_only=True)
class PropertyDifference:
    """One top-level property that differs; ``before`` or ``after`` is None where the property is absent."""

    name: str
    before: Any
    after: Any
    recreation: Recreation

    @property
    def is_dynamic(self) -> bool:
        """Whether the new value is known only after the deployment."""
        return has_unknown(self.after)


def compare(
    before: Mapping[str, Any], after: Mapping[str, Any], schema: ResourceSchema
) -> tuple[PropertyDifference, ...]:
    """The top-level properties that differ, in the order of the new ones."""
    names = [*after, *(name for name in before if name not in after)]
    return tuple(
        PropertyDifference(
            name=name,
            before=before.get(name),
            after=after.get(name),
            recreation=_recreation(name, before, after, schema),
        )
        for name in names
        if before.get(name) != after.get(name)
    )


def takes_replacement(differences: Sequence[PropertyDifference]) -> bool:
    """Whether the differences take a new resource."""
    return any(difference.recreation is Recreation.ALWAYS for difference in differences)


def _recreation(name: str, before: Mapping[str, Any], after: Mapping[str, Any], schema: ResourceSchema) -> Recreation:
    if _differs_at(name, schema.create_only, before, after):
        return Recreation.ALWAYS
    if _differs_at(name, schema.conditional_create_only, before, after):
        return Recreation.CONDITIONALLY
    return Recreation.NEVER


def _differs_at(
    name: str, paths: Sequence[tuple[str, ...]], before: Mapping[str, Any], after: Mapping[str, Any]
) -> bool:
    return any(_at(before, path) != _at(after, path) for path in paths if path[0] == name)


def _at(value: Any, path: tuple[str, ...]) -> Any:
    if not path or value is None:
        return value
    step, rest = path[0], path[1:]
    if step == "*" and isinstance(value, list):
        return [_at(item, rest) for item in value]
    return _at(value.get(step), rest) if isinstance(value, dict | Mapping) else None
