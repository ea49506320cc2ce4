"""Properties checked against the published schema of their type, in CloudFormation's words.

CloudFormation does this twice: over a change set, when some values are not known yet, and again as each resource is
made.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from typing import Any, cast

import regex
from jsonschema import Draft7Validator, ValidationError
from jsonschema.validators import extend

from local.aws.cloudformation.schema import ResourceSchema
from local.aws.cloudformation.values import Unknown, has_unknown

_MAX_SHOWN_CHARACTERS = 60
_TYPE_NAMES = {
    bool: "Boolean",
    int: "Integer",
    float: "Number",
    str: "String",
    list: "JSONArray",
    dict: "JSONObject",
    type(None): "Null",
}

Check = Callable[[Any, Any, Any, Mapping[str, Any]], Iterable[ValidationError] | None]


@dataclass(frozen=True, kw_only=True)
class PropertyProblem:
    """One thing that is wrong with a resource's properties.

    Attributes:
        path: where it is, from the properties down.
        text: what it is, in the words of the resource's handler.
        summary: the same in the words of a change set's early validation.
    """

    path: tuple[str | int, ...]
    text: str
    summary: str

    def __str__(self) -> str:
        pointer = "".join(f"/{part}" for part in self.path)
        return f"#{pointer}: {self.text}"


def problems(properties: Mapping[str, Any], schema: ResourceSchema) -> list[PropertyProblem]:
    """What is wrong with the properties of one resource; nothing is said about values that are not known yet."""
    errors = _validator_class()(schema.document).iter_errors(properties)
    read_only = [
        PropertyProblem(path=(name,), text="is read-only", summary=f"Read-only property [{name}] cannot be set")
        for name in sorted(schema.read_only & properties.keys())
    ]
    return [*(_problem(error) for error in errors), *read_only]


def _problem(error: ValidationError) -> PropertyProblem:
    keyword, name = str(error.validator), error.message
    if keyword == "required":
        text, summary = f"required key [{name}] not found", f"Required property [{name}] not found"
    elif keyword == "additionalProperties":
        text, summary = f"extraneous key [{name}] is not permitted", f"Unsupported property [{name}]"
    elif keyword == "type":
        expected = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
        found = _TYPE_NAMES.get(type(error.instance), type(error.instance).__name__)
        text = f"expected type: {' or '.join(str(type_).capitalize() for type_ in expected)}, found: {found}"
        summary = text[0].upper() + text[1:]
    else:
        text = f"failed validation constraint for keyword [{keyword}]: {_constraint(error)}"
        summary = text[0].upper() + text[1:]
    return PropertyProblem(path=tuple(error.absolute_path), text=text, summary=summary)


def _constraint(error: ValidationError) -> str:
    if error.validator in ("oneOf", "anyOf", "allOf"):
        alternatives = len(cast("Sized", error.validator_value))
        return f"{_shown(error.instance)} matches none or too many of {alternatives} alternatives"
    return f"{_shown(error.instance)} against {_shown(error.validator_value)}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN_CHARACTERS or isinstance(value, list) else f"{text[:_MAX_SHOWN_CHARACTERS]}…"


@functools.cache
def _validator_class() -> Any:
    checks = {
        **Draft7Validator.VALIDATORS,
        "additionalProperties": _additional_properties,
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "required": _required,
    }
    own: Any = extend  # its stub leaves out the types
    return own(Draft7Validator, {keyword: _skipping_unknown(keyword, check) for keyword, check in checks.items()})


def _skipping_unknown(keyword: str, check: Check) -> Check:
    compares_content = keyword in ("uniqueItems", "enum", "const")

    def check_known(
        validator: Any, expected: Any, instance: Any, schema: Mapping[str, Any]
    ) -> Iterator[ValidationError]:
        if isinstance(instance, Unknown) or (compares_content and has_unknown(instance)):
            return
        yield from check(validator, expected, instance, schema) or ()

    return check_known


def _required(_: Any, names: list[str], instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        yield from (ValidationError(name) for name in names if name not in instance)


def _additional_properties(
    validator: Any, allowed: Any, instance: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    patterns = schema.get("patternProperties", {})
    for name, value in instance.items():
        if name in schema.get("properties", {}) or any(_matches(pattern, name) for pattern in patterns):
            continue
        if isinstance(allowed, dict):
            yield from validator.descend(value, allowed, path=name)
        elif not allowed:
            yield ValidationError(name)


def _pattern_properties(
    validator: Any, patterns: Mapping[str, Any], instance: Any, _: Any
) -> Iterator[ValidationError]:
    for pattern, schema in patterns.items() if isinstance(instance, dict) else ():
        for name, value in instance.items():
            if _matches(pattern, name):
                yield from validator.descend(value, schema, path=name, schema_path=pattern)


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _matches(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _matches(pattern: str, text: str) -> bool:
    r"""Whether a text matches a pattern of the schemas, which are Java's: they know ``\\p{L}`` and nested sets."""
    try:
        return regex.search(pattern, text, flags=regex.VERSION1) is not None
    except regex.error:
        return True  # a few describe surrogate pairs, which no Python text holds
