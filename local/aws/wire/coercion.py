"""Brings what CloudFormation hands over to the types of an API's shape.

A template's numbers and truths may arrive as strings, and strings as numbers: CloudFormation accepts both. It does not
know the rules of a value (validation.py).
"""

from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from local.aws.wire.errors import ValidationException


def coerce(shape: Shape, value: Any, *, path: str = "") -> Any:
    """Return ``value`` in the types of ``shape``.

    Args:
        shape: of an operation's input, or a part of it.
        value: a template's resolved properties, or a part of them.
        path: where the value stands, for the error's text.

    Raises:
        ValidationException: a property that the shape does not have, or a value that is not of its type.
    """
    if isinstance(shape, StructureShape):
        return _structure(shape, _expect(Mapping, value, path), path)
    if isinstance(shape, ListShape):
        return [
            coerce(shape.member, item, path=f"{path}/{index}") for index, item in enumerate(_expect(list, value, path))
        ]
    if isinstance(shape, MapShape):
        entries = _expect(Mapping, value, path).items()
        return {str(key): coerce(shape.value, item, path=f"{path}/{key}") for key, item in entries}
    return _scalar(shape, value, path)


def _structure(shape: StructureShape, value: Mapping[str, Any], path: str) -> dict[str, Any]:
    unknown = sorted(set(value) - set(shape.members))
    if unknown:
        raise ValidationException(f"Encountered unsupported property {unknown[0]} in {path or '/'}")
    return {
        name: coerce(shape.members[name], item, path=f"{path}/{name}")
        for name, item in value.items()
        if item is not None
    }


def _scalar(shape: Shape, value: Any, path: str) -> Any:
    kind = shape.type_name
    if isinstance(value, (Mapping, list)):
        raise _wrong_type(kind, value, path)
    if kind == "boolean":
        text = str(value).lower()
        if text not in {"true", "false"}:
            raise _wrong_type(kind, value, path)
        return text == "true"
    try:
        if kind in {"integer", "long"}:
            return int(value)
        if kind in {"float", "double"}:
            return float(value)
    except ValueError:
        raise _wrong_type(kind, value, path) from None
    # A template's `Environment: {DEBUG: true}` reaches the container as the text "true".
    return str(value).lower() if isinstance(value, bool) else str(value)


def _expect(kind: type, value: Any, path: str) -> Any:
    if not isinstance(value, kind):
        raise _wrong_type("object" if kind is Mapping else "list", value, path)
    return value


def _wrong_type(kind: str, value: object, path: str) -> ValidationException:
    return ValidationException(f"Properties validation failed: {path or '/'} must be of type {kind}, not {value!r}")
