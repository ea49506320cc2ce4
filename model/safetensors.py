"""The header of a safetensors file, which says how long the file is.

Eight bytes give the header's length, the header is a JSON object of tensors, each with the place of its data behind it:
https://github.com/huggingface/safetensors#format. The tensors themselves are nobody's business here.
"""

import json
import struct
from pathlib import Path

from model.errors import IncompleteModelError

_LENGTH = struct.Struct("<Q")
# The format's own limit.
_MAX_HEADER_BYTES = 100_000_000
_METADATA = "__metadata__"


def check_whole(file: Path, *, name: str) -> None:
    """Check that a file ends where its header says.

    Args:
        file: where it is.
        name: what to call it in an error.

    Raises:
        IncompleteModelError: it is cut short, too long, or no safetensors file.
    """
    size_bytes = file.stat().st_size
    with file.open("rb") as opened:
        head = opened.read(_LENGTH.size)
        header_bytes = _LENGTH.unpack(head)[0] if len(head) == _LENGTH.size else _MAX_HEADER_BYTES + 1
        if header_bytes > _MAX_HEADER_BYTES:
            raise _refuse(name, "it has no safetensors header")
        header = opened.read(header_bytes)
    if len(header) < header_bytes:
        raise _refuse(name, f"it is cut short within its header, after {size_bytes:,} bytes")
    try:
        tensors = json.loads(header)
        data_bytes = max((entry["data_offsets"][1] for key, entry in tensors.items() if key != _METADATA), default=0)
        expected_bytes = _LENGTH.size + header_bytes + int(data_bytes)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise _refuse(name, "it has no safetensors header") from error
    if size_bytes < expected_bytes:
        raise _refuse(name, f"it is cut short: {size_bytes:,} of {expected_bytes:,} bytes")
    if size_bytes > expected_bytes:
        raise _refuse(name, f"it has {size_bytes:,} bytes where its header says {expected_bytes:,}")


def _refuse(name: str, problem: str) -> IncompleteModelError:
    return IncompleteModelError(f"{name} is not whole: {problem}.", remedy="Download or save it anew.")
