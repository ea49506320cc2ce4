"""A LoRA adapter: a twin of its own on a base model that it shares with others.

It knows what names an adapter and what its matrices take. Which engine serves one, and how it is told, is for
engines.py and environments.py.
"""

import re
from dataclasses import dataclass

from model.errors import InvalidSpecError

_TEXT = re.compile(r"(?P<id>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)@(?P<revision>[0-9a-f]{40})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """One adapter on the hub at one revision.

    Attributes:
        adapter_id: its hub id, by which a request asks for it.
        revision: the full commit hash, never a branch.
    """

    adapter_id: str
    revision: str

    def __str__(self) -> str:
        return f"{self.adapter_id}@{self.revision}"


def parse_adapters(text: str) -> tuple[Adapter, ...]:
    """Read `OWNER/NAME@COMMIT,…`.

    Raises:
        InvalidSpecError: one is not of that form, or is named twice.
    """
    found: dict[str, Adapter] = {}
    for part in (part.strip() for part in text.split(",")):
        match = _TEXT.fullmatch(part)
        if match is None:
            raise InvalidSpecError(
                f"adapter {part!r} is not an adapter on the hub.",
                remedy="It must read 'owner/name@COMMIT' with the full hash (40 hexadecimal digits), not a branch.",
            )
        if match["id"] in found:
            raise InvalidSpecError(f"adapter {match['id']!r} is named twice.", remedy="Name each once.")
        found[match["id"]] = Adapter(adapter_id=match["id"], revision=match["revision"])
    return tuple(found.values())
