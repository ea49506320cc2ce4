"""A LoRA adapter: a twin of its own on a base model that it shares with others.

It knows what names an adapter and where it is. Which engine serves one, and how it is told, is for engines.py and
environments.py; what its matrices take, for memory.py.
"""

import re
from dataclasses import dataclass

from model.errors import InvalidSpecError

_ON_HUB = re.compile(r"(?P<id>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)@(?P<revision>[0-9a-f]{40})", re.ASCII)
# An adapter's name becomes part of its component's. Of the characters that keys are safe with, `*` is left out: a
# permission would take it for a wildcard.
_IN_S3 = re.compile(
    r"(?P<id>[a-z][a-z0-9]*(?:-[a-z0-9]+)*)="
    r"(?P<uri>s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/(?:[\w!.'()-]+/)*[\w!.'()-]+\.tar\.gz)",
    re.ASCII,
)


@dataclass(frozen=True, kw_only=True)
class HubAdapter:
    """One adapter on the hub at one revision, which an engine fetches when it starts.

    Attributes:
        adapter_id: its hub id, by which a request asks for it.
        revision: the full commit hash, never a branch.
    """

    adapter_id: str
    revision: str

    def __str__(self) -> str:
        return f"{self.adapter_id}@{self.revision}"


@dataclass(frozen=True, kw_only=True)
class S3Adapter:
    """One adapter in S3, which SageMaker gives to an engine that runs.

    Attributes:
        adapter_id: the name that the deployment gives it, by which a request asks for it.
        s3_uri: an archive (.tar.gz) with adapter_config.json and the weights at its root.
    """

    adapter_id: str
    s3_uri: str

    def __str__(self) -> str:
        return f"{self.adapter_id}={self.s3_uri}"


Adapter = HubAdapter | S3Adapter


def parse_adapters(text: str) -> tuple[Adapter, ...]:
    """Read `OWNER/NAME@COMMIT,…` or `NAME=s3://BUCKET/KEY.tar.gz,…`.

    Raises:
        InvalidSpecError: one is of neither form, or is named twice.
    """
    found: dict[str, Adapter] = {}
    for part in (part.strip() for part in text.split(",")):
        adapter = _parse(part)
        if adapter.adapter_id in found:
            raise InvalidSpecError(f"adapter {adapter.adapter_id!r} is named twice.", remedy="Name each once.")
        found[adapter.adapter_id] = adapter
    return tuple(found.values())


def _parse(text: str) -> Adapter:
    if match := _ON_HUB.fullmatch(text):
        return HubAdapter(adapter_id=match["id"], revision=match["revision"])
    if match := _IN_S3.fullmatch(text):
        return S3Adapter(adapter_id=match["id"], s3_uri=match["uri"])
    if "=" in text or "s3://" in text:
        raise InvalidSpecError(
            f"adapter {text!r} is not an adapter in S3.",
            remedy="It must read 'NAME=s3://BUCKET/KEY.tar.gz': the name of lower-case letters and digits in words "
            "joined by hyphens, the key of letters, digits and !-_.'()/.",
        )
    raise InvalidSpecError(
        f"adapter {text!r} is not an adapter on the hub.",
        remedy="It must read 'owner/name@COMMIT' with the full hash (40 hexadecimal digits), not a branch; in S3, "
        "'NAME=s3://BUCKET/KEY.tar.gz'.",
    )
