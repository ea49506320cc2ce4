"""What a deployment would do, without doing it: the changes that a change set lists."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.aws.cloudformation import references
from local.aws.cloudformation.differences import PropertyDifference, Recreation, compare, takes_replacement
from local.aws.cloudformation.errors import ValidationError
from local.aws.cloudformation.graph import in_order
from local.aws.cloudformation.outputs import resolve_outputs
from local.aws.cloudformation.property_validation import PropertyProblem, problems
from local.aws.cloudformation.schema import SchemaCatalogue
from local.aws.cloudformation.scope import ResourceLookUp, StackScope
from local.aws.cloudformation.stack import Stack, StackDefinition, StackResource
from local.aws.cloudformation.template import ResourceDefinition

Properties = Callable[[ResourceDefinition, StackScope, StackDefinition], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class ResourceChange:
    """One line of a change set.

    Attributes:
        action: Add, Modify or Remove.
        replacement: True, False or Conditional, in CloudFormation's words; None for Add and Remove.
        differences: the properties that differ.
        attributes: the other attributes of the resource that differ, as ``Metadata``.
        before: the resource's properties and metadata as JSON; None for Add.
        after: the same as wanted; None for Remove.
        causes: for a property whose text did not change, the name whose value did.
    """

    action: str
    logical_id: str
    physical_id: str | None
    type: str
    replacement: str | None = None
    policy_action: str | None = None
    differences: tuple[PropertyDifference, ...] = ()
    attributes: tuple[str, ...] = ()
    before: str | None = None
    after: str | None = None
    causes: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a deployment would do.

    Attributes:
        changes: the resources that would be touched, in the order of the template.
        problems: what is wrong with properties, by logical id; with any, nothing may be deployed.
        changes_more: whether something beside resources changes, as an output.
    """

    changes: tuple[ResourceChange, ...]
    problems: Mapping[str, Sequence[PropertyProblem]]
    changes_more: bool

    @property
    def is_empty(self) -> bool:
        """Whether a deployment would change nothing."""
        return not self.changes and not self.changes_more


def make_plan(
    stack: Stack,
    target: StackDefinition,
    *,
    make_scope: Callable[[StackDefinition, ResourceLookUp], StackScope],
    properties: Properties,
    schemas: SchemaCatalogue,
) -> Plan:
    """Work out what would make the stack what the target says.

    Raises:
        ValidationError: resources depend on each other, or a function cannot be resolved.
    """
    current = stack.resources
    known: dict[str, StackResource | None] = dict(current)
    scope = make_scope(target, known.get)
    scope.check_rules()
    wanted = scope.resources_wanted()
    definitions = {logical_id: target.template.resources[logical_id] for logical_id in wanted}
    if retyped := [i for i in wanted if i in current and current[i].type != definitions[i].type]:
        raise ValidationError(
            "Update of resource type is not permitted. "
            f"The new template modifies resource type of the following resources: [{', '.join(retyped)}]"
        )
    changes: dict[str, ResourceChange] = {}
    found: dict[str, Sequence[PropertyProblem]] = {}
    for logical_id in in_order({i: definitions[i].referenced() & frozenset(wanted) for i in wanted}):
        definition = definitions[logical_id]
        after = properties(definition, scope, target)
        change = _change(current.get(logical_id), definition, after, schemas, frozenset(changes))
        if change is None:
            continue
        changes[logical_id] = change
        if change.action == "Add" or change.replacement != "False":
            known[logical_id] = None
        if wrong := problems(after, schemas.find(definition.type)):
            found[logical_id] = wrong
    outputs = resolve_outputs(target.template, scope)
    previous = stack.definition
    more = previous is None or outputs != stack.outputs or dict(target.tags) != dict(previous.tags)
    removed = tuple(_removal(resource) for logical_id, resource in current.items() if logical_id not in definitions)
    return Plan(changes=(*(changes[i] for i in wanted if i in changes), *removed), problems=found, changes_more=more)


def _change(
    existing: StackResource | None,
    definition: ResourceDefinition,
    after: Mapping[str, Any],
    schemas: SchemaCatalogue,
    changed: frozenset[str],
) -> ResourceChange | None:
    context = _context(after, definition)
    if existing is None or existing.physical is None:
        return ResourceChange(
            action="Add", logical_id=definition.logical_id, physical_id=None, type=definition.type, after=context
        )
    differences = compare(existing.properties, after, schemas.find(definition.type))
    attributes = _changed_attributes(existing.definition, definition)
    if not differences and not attributes and not existing.status.endswith("_FAILED"):
        return None
    replacement = _replacement(differences)
    deletes_old = definition.update_replace_policy == "Delete"
    return ResourceChange(
        action="Modify",
        logical_id=definition.logical_id,
        physical_id=existing.physical_id,
        type=definition.type,
        replacement=replacement,
        policy_action=("ReplaceAndDelete" if deletes_old else "ReplaceAndRetain") if replacement == "True" else None,
        differences=differences,
        attributes=attributes,
        before=_context(existing.properties, existing.definition),
        after=context,
        causes=_causes(existing.definition, definition, differences, changed),
    )


def _removal(resource: StackResource) -> ResourceChange:
    return ResourceChange(
        action="Remove",
        logical_id=resource.logical_id,
        physical_id=resource.physical_id,
        type=resource.type,
        policy_action="Delete" if resource.definition.deletion_policy == "Delete" else "Retain",
        before=_context(resource.properties, resource.definition),
    )


def _replacement(differences: Sequence[PropertyDifference]) -> str:
    if takes_replacement([d for d in differences if not d.is_dynamic]):
        return "True"
    return "Conditional" if any(d.recreation is not Recreation.NEVER for d in differences) else "False"


def _changed_attributes(before: ResourceDefinition, after: ResourceDefinition) -> tuple[str, ...]:
    pairs = {
        "Metadata": (before.metadata, after.metadata),
        "DeletionPolicy": (before.deletion_policy, after.deletion_policy),
        "UpdateReplacePolicy": (before.update_replace_policy, after.update_replace_policy),
    }
    return tuple(name for name, (old, new) in pairs.items() if old != new)


def _causes(
    before: ResourceDefinition,
    after: ResourceDefinition,
    differences: Sequence[PropertyDifference],
    changed: frozenset[str],
) -> dict[str, str]:
    unchanged_text = [d.name for d in differences if before.properties.get(d.name) == after.properties.get(d.name)]
    names = {name: sorted(references.names_in(after.properties.get(name))) for name in unchanged_text}
    return {name: next((n for n in used if n in changed), used[0]) for name, used in names.items() if used}


def _context(properties: Mapping[str, Any], definition: ResourceDefinition) -> str:
    context: dict[str, Any] = {"Properties": properties}
    if definition.metadata:
        context["Metadata"] = definition.metadata
    return json.dumps(context, default=str)
