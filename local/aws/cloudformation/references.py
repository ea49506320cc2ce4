"""What a template's value refers to, read from its functions without resolving them."""

import re
from collections.abc import Iterator
from typing import Any

PSEUDO_PARAMETERS = frozenset(
    f"AWS::{name}"
    for name in ["AccountId", "NotificationARNs", "NoValue", "Partition", "Region", "StackId", "StackName", "URLSuffix"]
)

# ${Name} or ${Name.Attribute} refer; ${!Literal} does not.
SUB_VARIABLE = re.compile(r"\$\{([^!{}][^{}]*)\}")


def names_in(value: Any) -> frozenset[str]:
    """The logical ids and parameters that a value's ``Ref``, ``Fn::GetAtt`` and ``Fn::Sub`` name."""
    return frozenset(_names(value))


def conditions_in(value: Any) -> frozenset[str]:
    """The conditions that a value's ``Fn::If`` names."""
    return frozenset(_conditions(value))


def attribute_reference(argument: Any) -> tuple[str, Any]:
    """The logical id and the attribute of a ``Fn::GetAtt``, in its list or its dotted form."""
    if isinstance(argument, str):
        logical_id, _, attribute = argument.partition(".")
        return logical_id, attribute
    logical_id, *path = argument
    return logical_id, path[0] if len(path) == 1 else ".".join(path)


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _names(item)
    elif isinstance(value, dict):
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Ref" and isinstance(argument, str):
                yield argument
                return
            if function == "Fn::GetAtt" and argument:
                yield attribute_reference(argument)[0]
                return
            if function == "Fn::Sub":
                yield from _sub_names(argument)
                return
        for item in value.values():
            yield from _names(item)


def _sub_names(argument: Any) -> Iterator[str]:
    text, variables = (argument, {}) if isinstance(argument, str) else (argument[0], argument[1])
    for name in SUB_VARIABLE.findall(text):
        if name not in variables:
            yield name.strip().partition(".")[0]
    yield from _names(list(variables.values()))


def _conditions(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _conditions(item)
    elif isinstance(value, dict):
        if len(value) == 1 and isinstance(value.get("Fn::If"), list) and value["Fn::If"]:
            yield value["Fn::If"][0]
        for item in value.values():
            yield from _conditions(item)
