"""What a prefix holds, written beside the weights when all of them are there: a prefix without it is not whole.

Engines leave it alone: they look for `*.safetensors` and for configuration files by their fixed names.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

MANIFEST = "publish.json"
_FORM = 1


@dataclass(frozen=True, kw_only=True)
class PublishedFile:
    """One published file.

    Attributes:
        size_bytes: its size.
        sha256: of its content, in hexadecimal.
    """

    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A model as it was published.

    Attributes:
        model_id: the id that it is served under.
        revision: 40 hexadecimal digits: the hub's commit, or for a folder what its content comes to.
        files: by name, without the manifest itself.
    """

    model_id: str
    revision: str
    files: Mapping[str, PublishedFile]

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(file.size_bytes for file in self.files.values())

    def to_text(self) -> str:
        """The same for every publish of the same files: it holds no time."""
        files = {name: asdict(self.files[name]) for name in sorted(self.files)}
        content = {"form": _FORM, "model_id": self.model_id, "revision": self.revision, "files": files}
        return json.dumps(content, indent=2) + "\n"

    def find_gaps(self, sizes: Mapping[str, int]) -> list[str]:
        """Return what of it a prefix does not hold, in words.

        Args:
            sizes: the sizes of the objects, by their names below the prefix.
        """
        return [
            f"no {name}" if name not in sizes else f"{name} has {sizes[name]:,} of {file.size_bytes:,} bytes"
            for name, file in sorted(self.files.items())
            if sizes.get(name) != file.size_bytes
        ]


def parse_manifest(text: bytes | str) -> Manifest:
    """Read a manifest.

    Raises:
        ValueError: it is not of the form that this version writes.
    """
    content: Any = json.loads(text)
    try:
        if content["form"] != _FORM:
            raise ValueError(f"form {content['form']}")
        files = {name: PublishedFile(**file) for name, file in content["files"].items()}
        return Manifest(model_id=content["model_id"], revision=content["revision"], files=files)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"lacks {error}") from error
