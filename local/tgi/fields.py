"""Reads the fields of a JSON object as TGI's deserializer does (serde), with its words for what does not fit.

Unknown fields are ignored. A field that has a default but is not optional refuses null: that is how TGI behaves.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from local.tgi.errors import TgiError

T = TypeVar("T")

_U32: Final = 2**32 - 1
_U64: Final = 2**64 - 1


class DeserializeError(TgiError):
    """A body of another form than expected.

    Attributes:
        path: where, for example `parameters.top_k`.
    """

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path


class Fields:
    """The fields of one object."""

    def __init__(self, value: Any, *, path: str = "", struct: str) -> None:
        """Take an object.

        Args:
            value: decoded JSON.
            path: where it stands in the body.
            struct: TGI's name of the type.

        Raises:
            DeserializeError: it is no object.
        """
        if not isinstance(value, dict):
            raise DeserializeError(f"invalid type: {describe(value)}, expected struct {struct}", path=path)
        self._value: Mapping[str, Any] = value
        self._path = path

    def path(self, name: str) -> str:
        """Return where a field stands in the body."""
        return f"{self._path}.{name}" if self._path else name

    def required(self, name: str, read: Callable[[Any, str], T]) -> T:
        """Return a field that must be there."""
        if name not in self._value:
            raise DeserializeError(f"missing field `{name}`", path=self._path)
        return read(self._value[name], self.path(name))

    def default(self, name: str, read: Callable[[Any, str], T], default: T) -> T:
        """Return a field, or its default when it is absent; null is refused."""
        return read(self._value[name], self.path(name)) if name in self._value else default

    def optional(self, name: str, read: Callable[[Any, str], T]) -> T | None:
        """Return a field, or None when it is absent or null."""
        value = self._value.get(name)
        return None if value is None else read(value, self.path(name))


def string(value: Any, path: str) -> str:
    """Read a string."""
    return _of_type(value, path, str, "a string")


def boolean(value: Any, path: str) -> bool:
    """Read true or false."""
    return _of_type(value, path, bool, "a boolean")


def float32(value: Any, path: str) -> float:
    """Read a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DeserializeError(f"invalid type: {describe(value)}, expected f32", path=path)
    return float(value)


def uint32(value: Any, path: str) -> int:
    """Read a whole number from 0 to 2^32 - 1."""
    return _whole(value, path, "u32", least=0, most=_U32)


def uint64(value: Any, path: str) -> int:
    """Read a whole number from 0 to 2^64 - 1."""
    return _whole(value, path, "u64", least=0, most=_U64)


def usize(value: Any, path: str) -> int:
    """Read a count."""
    return _whole(value, path, "usize", least=0, most=_U64)


def int32(value: Any, path: str) -> int:
    """Read a whole number of 32 bits."""
    return _whole(value, path, "i32", least=-(2**31), most=2**31 - 1)


def strings(value: Any, path: str) -> tuple[str, ...]:
    """Read a list of strings."""
    return sequence(string)(value, path)


def sequence(read: Callable[[Any, str], T]) -> Callable[[Any, str], tuple[T, ...]]:
    """Return what reads a list of such values."""

    def read_all(value: Any, path: str) -> tuple[T, ...]:
        parts = _of_type(value, path, list, "a sequence")
        return tuple(read(part, f"{path}[{index}]") for index, part in enumerate(parts))

    return read_all


def anything(value: Any, path: str) -> Any:  # noqa: ARG001  has the form of every other reader
    """Read any JSON value."""
    return value


def describe(value: Any) -> str:
    """Return a JSON value's type and, where it is short, the value, in serde's words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"boolean `{str(value).lower()}`"
    if isinstance(value, int):
        return f"integer `{value}`"
    if isinstance(value, float):
        return f"floating point `{value}`"
    if isinstance(value, str):
        return f"string {json.dumps(value, ensure_ascii=False)}"
    return "sequence" if isinstance(value, list) else "map"


def _of_type(value: Any, path: str, kind: type[T], expected: str) -> T:
    if not isinstance(value, kind):
        raise DeserializeError(f"invalid type: {describe(value)}, expected {expected}", path=path)
    return value


def _whole(value: Any, path: str, name: str, *, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise DeserializeError(f"invalid type: {describe(value)}, expected {name}", path=path)
    if not least <= value <= most:
        raise DeserializeError(f"invalid value: {describe(value)}, expected {name}", path=path)
    return value
