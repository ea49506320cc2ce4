"""A CloudFormation template: its text read into typed parts, and refused where its form is wrong.

It knows the form of a template (sections, attributes, what refers to what). It does not know values: functions and
parameters are resolved elsewhere, and what properties a resource type has is in
:mod:`local.aws.cloudformation.schema`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.aws.cloudformation import references
from local.aws.cloudformation.errors import ValidationError
from local.aws.cloudformation.template_text import load

MAX_BYTES = 1_000_000  # CloudFormation's own limit of a template in S3; 51,200 holds for a body in the request

_SECTIONS = frozenset(
    [
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
        "Transform",
    ]
)
_RESOURCE_ATTRIBUTES = frozenset(
    [
        "Type",
        "Properties",
        "DependsOn",
        "Condition",
        "DeletionPolicy",
        "UpdateReplacePolicy",
        "Metadata",
        "CreationPolicy",
        "UpdatePolicy",
    ]
)
_POLICIES = ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot")
_LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"


@dataclass(frozen=True, kw_only=True)
class ResourceDefinition:
    """One entry of ``Resources``, its functions unresolved."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    depends_on: tuple[str, ...] = ()
    condition: str | None = None
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def referenced(self) -> frozenset[str]:
        """The names that this resource needs first: logical ids, parameters and pseudo parameters alike."""
        return references.names_in(self.properties) | frozenset(self.depends_on)


@dataclass(frozen=True, kw_only=True)
class OutputDefinition:
    """One entry of ``Outputs``, its functions unresolved."""

    key: str
    value: Any
    description: str | None = None
    export_name: Any = None
    condition: str | None = None


@dataclass(frozen=True, kw_only=True)
class Template:
    """A template whose form is right.

    Attributes:
        body: the text exactly as it was given, which is what ``GetTemplate`` gives back.
    """

    body: str
    description: str | None
    metadata: Mapping[str, Any]
    parameters: Mapping[str, Mapping[str, Any]]
    rules: Mapping[str, Mapping[str, Any]]
    mappings: Mapping[str, Mapping[str, Any]]
    conditions: Mapping[str, Any]
    resources: Mapping[str, ResourceDefinition]
    outputs: Mapping[str, OutputDefinition]
    transforms: tuple[str, ...]


def parse(body: str) -> Template:
    """Read a template from JSON or YAML text.

    Raises:
        ValidationError: the text is no template, with CloudFormation's words for what is wrong.
    """
    if len(body.encode()) > MAX_BYTES:
        raise ValidationError(f"Template may not exceed {MAX_BYTES} bytes in size.")
    document = load(body)
    if unknown := [name for name in document if name not in _SECTIONS]:
        raise ValidationError(f"Invalid template property or properties [{', '.join(unknown)}]")
    resources = _section(document, "Resources")
    if not resources:
        raise ValidationError("Template format error: At least one Resources member must be defined.")
    template = Template(
        body=body,
        description=_text(document, "Description"),
        metadata=_section(document, "Metadata"),
        parameters=_section(document, "Parameters"),
        rules=_section(document, "Rules"),
        mappings=_section(document, "Mappings"),
        conditions=_section(document, "Conditions"),
        resources={logical_id: _resource(logical_id, entry) for logical_id, entry in resources.items()},
        outputs={key: _output(key, entry) for key, entry in _section(document, "Outputs").items()},
        transforms=_transforms(document.get("Transform")),
    )
    _check_parameters(template)
    _check_references(template)
    return template


def _section(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    section = document.get(name)
    if section is None:
        if name in document:
            raise ValidationError(f"[/{name}] 'null' values are not allowed in templates")
        return {}
    if not isinstance(section, dict):
        raise ValidationError(f"Template format error: {name} must be an object.")
    return section


def _text(document: Mapping[str, Any], name: str) -> str | None:
    value = document.get(name)
    if value is not None and not isinstance(value, str):
        raise ValidationError(f"Template format error: {name} must be a string.")
    return value


def _resource(logical_id: str, entry: Any) -> ResourceDefinition:
    where = f"/Resources/{logical_id}"
    if not re.fullmatch(r"[A-Za-z0-9]{1,255}", logical_id):
        raise ValidationError(f"Template format error: Resource name {logical_id} is non alphanumeric.")
    if not isinstance(entry, dict):
        raise ValidationError(f"Template format error: [{where}] Every Resources object must be an object.")
    if not isinstance(entry.get("Type"), str):
        raise ValidationError(f"Template format error: [{where}] Every Resources object must contain a Type member.")
    if unknown := [name for name in entry if name not in _RESOURCE_ATTRIBUTES]:
        raise ValidationError(f"Invalid template resource property '{unknown[0]}'")
    depends_on = entry.get("DependsOn", [])
    deletion_policy = entry.get("DeletionPolicy", "Delete")
    return ResourceDefinition(
        logical_id=logical_id,
        type=entry["Type"],
        properties=entry.get("Properties") or {},
        depends_on=(depends_on,) if isinstance(depends_on, str) else tuple(depends_on),
        condition=entry.get("Condition"),
        deletion_policy=_policy(logical_id, "DeletionPolicy", deletion_policy),
        update_replace_policy=_policy(logical_id, "UpdateReplacePolicy", entry.get("UpdateReplacePolicy", "Delete")),
        metadata=entry.get("Metadata") or {},
    )


def _policy(logical_id: str, name: str, value: Any) -> str:
    if value not in _POLICIES:
        raise ValidationError(
            f"Template error: {name} of {logical_id} is {value!r}; allowed are {', '.join(_POLICIES)}"
        )
    if value == "Snapshot":
        raise ValidationError(
            f"Template error: {name} Snapshot of {logical_id}: the local AWS takes no snapshots; use Delete or Retain"
        )
    return str(value)


def _output(key: str, entry: Any) -> OutputDefinition:
    if not isinstance(entry, dict) or "Value" not in entry:
        raise ValidationError(f"Template format error: Every Outputs member must contain a Value object: {key}")
    export = entry.get("Export")
    if export is not None and (not isinstance(export, dict) or "Name" not in export):
        raise ValidationError(f"Template format error: Output {key} is malformed. Export must contain a Name.")
    return OutputDefinition(
        key=key,
        value=entry["Value"],
        description=entry.get("Description"),
        export_name=export["Name"] if export else None,
        condition=entry.get("Condition"),
    )


def _transforms(value: Any) -> tuple[str, ...]:
    names = () if value is None else (value,) if isinstance(value, str) else tuple(value)
    for name in names:
        if name != _LANGUAGE_EXTENSIONS:
            raise ValidationError(f"Transform {name} is not available in the local AWS; {_LANGUAGE_EXTENSIONS} is.")
    return names


def _check_parameters(template: Template) -> None:
    for name, definition in template.parameters.items():
        if not isinstance(definition, dict) or "Type" not in definition:
            raise ValidationError(f"Template format error: Every Parameters object must contain a Type member: {name}")


def _check_references(template: Template) -> None:
    known = frozenset(template.parameters) | frozenset(template.resources) | references.PSEUDO_PARAMETERS
    blocks: dict[str, list[Any]] = {"Resources": [definition.properties for definition in template.resources.values()]}
    blocks["Outputs"] = [[output.value, output.export_name] for output in template.outputs.values()]
    for block, values in blocks.items():
        if unresolved := sorted(references.names_in(values) - known):
            raise ValidationError(
                f"Template format error: Unresolved resource dependencies [{', '.join(unresolved)}] "
                f"in the {block} block of the template"
            )
        if undefined := sorted(references.conditions_in(values) - frozenset(template.conditions)):
            raise ValidationError(
                f"Template format error: Unresolved condition dependency {undefined[0]} "
                f"in the {block} block of the template"
            )
    for definition in template.resources.values():
        if missing := [name for name in definition.depends_on if name not in template.resources]:
            raise ValidationError(
                f"Template format error: Unresolved resource dependencies [{', '.join(missing)}] "
                "in the Resources block of the template"
            )
    named = [(f"resource {d.logical_id}", d.condition) for d in template.resources.values()]
    for what, condition in [*named, *((f"output {o.key}", o.condition) for o in template.outputs.values())]:
        if condition is not None and condition not in template.conditions:
            raise ValidationError(
                f"Template format error: Condition {condition} of {what} is not defined in the Conditions block."
            )
    if unresolved := sorted(
        references.names_in(template.conditions) - frozenset(template.parameters) - references.PSEUDO_PARAMETERS
    ):
        raise ValidationError(
            f"Template error: Conditions can refer to parameters only; [{', '.join(unresolved)}] is none."
        )
