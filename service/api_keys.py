"""API keys: what is stored of them, and which one a caller presented.

A key is 256 random bits, so its SHA-256 says nothing about it and needs no slow hash; only the hash is stored. Stored
keys are one JSON document, which may hold several, so that a new one can be handed out before the old one ends:

    {"keys": [{"name": "web", "sha256": "<64 hex digits>", "scopes": ["ask"], "expires_at": "2027-01-01T00:00:00Z"}]}

`scopes` (default: `ask`) and `expires_at` (default: never) may be left out. This module does not know where the
document is kept (key_source.py).
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from service.errors import KeysError

_KEY_BYTES = 32


class Scope(StrEnum):
    """What a key allows: `ask` questions and search, or `write` documents."""

    ASK = "ask"
    WRITE = "write"


class ApiKey(BaseModel):
    """What is stored of one key.

    Attributes:
        name: who uses it; appears in logs.
        sha256: of the key, in hex.
        scopes: what it allows.
        expires_at: when it ends; None never.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._@-]+$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    scopes: frozenset[Scope] = frozenset({Scope.ASK})
    expires_at: AwareDatetime | None = None


class KeyRing(BaseModel):
    """Every key that is stored."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    keys: Annotated[tuple[ApiKey, ...], Field(min_length=1, max_length=1000)]

    def find(self, presented: str, *, now: datetime | None = None) -> ApiKey | None:
        """Return the key that was presented, if it is one of these and has not ended.

        Every stored hash is compared, in constant time, so that the time taken tells nothing.
        """
        digest = _digest(presented)
        found: ApiKey | None = None
        for key in self.keys:
            if hmac.compare_digest(digest, key.sha256):
                found = key
        if found and found.expires_at and found.expires_at <= (now or datetime.now(UTC)):
            return None
        return found


def read_keys(document: str) -> KeyRing:
    """Read the stored keys.

    Raises:
        KeysError: it is not such a document; the message shows no value of it.
    """
    try:
        ring = KeyRing.model_validate_json(document)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'document'}: {one['msg']}" for one in error.errors()[:5]
        )
        raise KeysError(
            f"The API keys cannot be read ({problems}). "
            'They are {"keys": [{"name", "sha256", "scopes"?, "expires_at"?}]}.'
        ) from None
    names = [key.name for key in ring.keys]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise KeysError(f"The API keys have the name {', '.join(twice)} more than once; allowed: one entry per name.")
    return ring


def make_key(name: str, *, scopes: Sequence[Scope], expires_at: datetime | None = None) -> tuple[str, ApiKey]:
    """Make a new key; return it, for the caller's eyes only, and what to store of it."""
    key = f"twin_{secrets.token_urlsafe(_KEY_BYTES)}"
    return key, ApiKey(name=name, sha256=_digest(key), scopes=frozenset(scopes), expires_at=expires_at)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", errors="surrogateescape")).hexdigest()
