"""Checks a request against AWS's own service model, and says what is wrong in AWS's own words.

The rules (required, length, range, pattern, enum) are botocore's; the SDK leaves most of them to the service. It does
not know what a value means: whether the endpoint exists is for the one who keeps endpoints.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StringShape, StructureShape

from local.aws.wire.errors import SerializationException, ValidationException

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "structure": Mapping,
    "map": Mapping,
    "list": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
}

# What Java's expressions say and Python's do not. In a character class only: AWS uses them so, `\p{ASCII}*` excepted.
_JAVA_CLASSES = (
    (r"\p{L}", r"\w"),
    (r"\p{N}", r"\d"),
    (r"\p{Z}", r"\s"),
    (r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF"),
)
_JAVA_ATOMS = ((r"\p{ASCII}", r"[\x00-\x7f]"), (r"\p{Print}", r"[\x20-\x7e]"), (r"\z", r"\Z"))


def validate(operation: OperationModel, params: Mapping[str, Any]) -> None:
    """Check the parameters of a request.

    Raises:
        ValidationException: with every broken rule, as AWS words it.
        SerializationException: a value is not of its type at all.
    """
    shape = operation.input_shape
    problems = list(_problems(shape, params, path="")) if shape is not None else []
    if problems:
        found = "1 validation error" if len(problems) == 1 else f"{len(problems)} validation errors"
        raise ValidationException(f"{found} detected: {'; '.join(problems)}")


def _problems(shape: Shape, value: Any, *, path: str) -> Iterator[str]:
    if not isinstance(value, _TYPES.get(shape.type_name, object)):
        raise SerializationException(f"'{path}' must be of type {shape.type_name}, not {value!r}")
    yield from _rule_problems(shape, value, path=path)


def _rule_problems(shape: Shape, value: Any, *, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        yield from _structure_problems(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _size_problems(shape, value, path)
        for index, item in enumerate(value, start=1):
            yield from _problems(shape.member, item, path=f"{path}.{index}.member")
    elif isinstance(shape, MapShape):
        yield from _size_problems(shape, value, path)
        for key, item in value.items():
            yield from _problems(shape.key, key, path=f"{path}.{key}.key")
            yield from _problems(shape.value, item, path=f"{path}.{key}.member")
    elif isinstance(shape, StringShape):
        yield from _string_problems(shape, value, path)
    elif shape.type_name in {"integer", "long", "float", "double"}:
        yield from _range_problems(shape, value, path)


def _structure_problems(shape: StructureShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        where = f"{path}.{_camel(name)}" if path else _camel(name)
        given = value.get(name)
        if given is not None:
            yield from _problems(member, given, path=where)
        elif name in shape.required_members:
            yield f"Value null at '{where}' failed to satisfy constraint: Member must not be null"


def _string_problems(shape: StringShape, value: str, path: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        allowed = ", ".join(shape.enum)
        yield _problem(value, path, f"Member must satisfy enum value set: [{allowed}]")
        return
    yield from _size_problems(shape, value, path)
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield _problem(value, path, f"Member must satisfy regular expression pattern: {pattern}")


def _size_problems(shape: Shape, value: Sequence[Any] | Mapping[str, Any], path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and len(value) < least:
        yield _problem(value, path, f"Member must have length greater than or equal to {least}")
    if most is not None and len(value) > most:
        yield _problem(value, path, f"Member must have length less than or equal to {most}")


def _range_problems(shape: Shape, value: float, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and value < least:
        yield _problem(value, path, f"Member must have value greater than or equal to {least}")
    if most is not None and value > most:
        yield _problem(value, path, f"Member must have value less than or equal to {most}")


def _problem(value: object, path: str, rule: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {rule}"


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    for java, python in (*_JAVA_CLASSES, *_JAVA_ATOMS):
        pattern = pattern.replace(java, python)
    return re.compile(pattern)
