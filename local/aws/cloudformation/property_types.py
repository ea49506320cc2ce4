"""Properties as their schema types them: CloudFormation takes ``"8192"`` for a number and ``"true"`` for a boolean."""

import json
from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.schema import ResourceSchema
from local.aws.cloudformation.values import Unknown


def coerce(properties: Mapping[str, Any], schema: ResourceSchema) -> dict[str, Any]:
    """Give the properties with every text, number and boolean in the one type that the schema names for it.

    What fits no type is left as it is, for the validation to name.
    """
    return _object(dict(properties), schema.document, schema)


def _coerce(value: Any, schema: Mapping[str, Any], root: ResourceSchema) -> Any:
    schema = root.definition_of(schema)
    type_ = schema.get("type")
    if isinstance(value, dict):
        return _object(value, schema, root) if type_ != "string" else json.dumps(value)
    if isinstance(value, list):
        items = schema.get("items", {})
        return [_coerce(item, items, root) for item in value] if isinstance(items, Mapping) else value
    if isinstance(value, Unknown) or not isinstance(type_, str):
        return value
    return _scalar(value, type_)


def _object(value: dict[str, Any], schema: Mapping[str, Any], root: ResourceSchema) -> dict[str, Any]:
    known = schema.get("properties", {})
    others: Mapping[str, Any] = next(iter(schema.get("patternProperties", {}).values()), {})
    return {key: _coerce(item, known.get(key, others), root) for key, item in value.items()}


def _scalar(value: Any, type_: str) -> Any:
    if type_ == "boolean" and value in ("true", "false", "True", "False"):
        return value in ("true", "True")
    if type_ in ("integer", "number") and isinstance(value, str):
        return _number(value, type_)
    if type_ == "string" and isinstance(value, bool):
        return "true" if value else "false"
    if type_ == "string" and isinstance(value, int | float):
        return str(value)
    return value


def _number(text: str, type_: str) -> Any:
    for make in (int, float):
        try:
            number = make(text)
        except ValueError:
            continue
        return number if type_ == "number" or isinstance(number, int) else text
    return text
