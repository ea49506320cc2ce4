"""What the head of a GGUF file says: names, sizes, vocabulary, and the shapes of its tensors.

The tensors themselves are llama.cpp's business. https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import mmap
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypeAlias

from local.llama.errors import StartupError

Value: TypeAlias = bool | int | float | str | bytes | list["Value"]

_MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
_LENGTH: Final = struct.Struct("<Q")
_STRING: Final = 8
_ARRAY: Final = 9
_SCALARS: Final[Mapping[int, str]] = {
    0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d",
}  # fmt: skip


def read_metadata(path: Path) -> dict[str, Value]:
    """Return every key and value of the file's head.

    Strings in arrays (the vocabulary) come as bytes, in UTF-8.

    Raises:
        StartupError: the file cannot be read, or is not a GGUF file of version 2 or 3.
    """
    return _read_head(path)[0]


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor, by its name; columns come before rows.

    Raises:
        StartupError: as read_metadata.
    """
    return _read_head(path)[1]


def _read_head(path: Path) -> tuple[dict[str, Value], dict[str, tuple[int, ...]]]:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Reader(data).read()
    except OSError as error:
        raise StartupError(f"model file {path} cannot be read: {error.strerror or error}") from error
    except (struct.error, KeyError, UnicodeDecodeError, ValueError) as error:
        raise StartupError(f"model file {path} is not a readable GGUF file: {error}") from error


class _Reader:
    """A place in the file that moves forward with everything read."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def read(self) -> tuple[dict[str, Value], dict[str, tuple[int, ...]]]:
        if self._data[:4] != _MAGIC:
            raise ValueError("it does not begin with the letters GGUF")
        self._at = 4
        version = self._scalar("I")
        if version not in _VERSIONS:
            raise ValueError(f"version {version} is unknown; known are {_VERSIONS}")
        tensors, entries = int(self._scalar("Q")), int(self._scalar("Q"))
        metadata = dict(self._entry() for _ in range(entries))
        return metadata, dict(self._shape() for _ in range(tensors))

    def _shape(self) -> tuple[str, tuple[int, ...]]:
        name = self._string().decode()
        shape = tuple(int(self._scalar("Q")) for _ in range(int(self._scalar("I"))))
        self._scalar("I")  # its type
        self._scalar("Q")  # where it is
        return name, shape

    def _entry(self) -> tuple[str, Value]:
        key = self._string().decode()
        kind = int(self._scalar("I"))
        if kind == _STRING:
            return key, self._string().decode()
        return key, self._array() if kind == _ARRAY else self._scalar(_SCALARS[kind])

    def _array(self) -> list[Value]:
        kind, count = int(self._scalar("I")), int(self._scalar("Q"))
        if kind == _STRING:
            return [self._string() for _ in range(count)]
        if kind == _ARRAY:
            return [self._array() for _ in range(count)]
        form = f"<{count}{_SCALARS[kind]}"
        values = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return list(values)

    def _string(self) -> bytes:
        start = self._at + _LENGTH.size
        end = start + _LENGTH.unpack_from(self._data, self._at)[0]
        if end > len(self._data):
            raise ValueError("a string reaches beyond the end of the file")
        self._at = end
        return self._data[start:end]

    def _scalar(self, form: str) -> bool | int | float:
        value: bool | int | float = struct.unpack_from(f"<{form}", self._data, self._at)[0]
        self._at += struct.calcsize(f"<{form}")
        return value
