"""Dynamic references: ``{{resolve:ssm:…}}`` and ``{{resolve:secretsmanager:…}}`` inside a template's texts.

A plain Systems Manager value is looked up when properties are resolved, so a changed value is a change of the stack.
A secret is looked up only as its resource is made (:func:`reveal`), so it is in no event and no stack. Neither store
is known here.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Protocol

from local.aws.cloudformation.errors import ValidationError

_REFERENCE = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^{}]+)\}\}")
_ARN_PARTS = 7  # arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME


class ValueStores(Protocol):
    """Where references point to, in one account and region."""

    def parameter(self, name: str, version: str | None, *, secure: bool) -> str:
        """The value of a Systems Manager parameter; raises ValidationError where there is none."""
        ...

    def secret(self, secret_id: str, *, version_stage: str | None, version_id: str | None) -> str:
        """The text of a secret; raises ValidationError where there is none."""
        ...


def resolve_parameters_in(value: Any, stores: ValueStores) -> Any:
    """Replace the references to plain Systems Manager parameters, in any text inside the value."""
    return _replace(value, lambda service, argument: _parameter(argument, stores) if service == "ssm" else None)


def reveal(value: Any, stores: ValueStores) -> Any:
    """Replace the references to secrets and secure parameters, in any text inside the value."""

    def look_up(service: str, argument: str) -> str | None:
        if service == "secretsmanager":
            return _secret(argument, stores)
        return _parameter(argument, stores, secure=True) if service == "ssm-secure" else None

    return _replace(value, look_up)


def _replace(value: Any, look_up: Callable[[str, str], str | None]) -> Any:
    if isinstance(value, dict):
        return {key: _replace(item, look_up) for key, item in value.items()}
    if isinstance(value, list):
        return [_replace(item, look_up) for item in value]
    if not isinstance(value, str) or "{{resolve:" not in value:
        return value

    def substitute(match: re.Match[str]) -> str:
        found = look_up(match.group(1), match.group(2))
        return match.group(0) if found is None else found

    replaced = _REFERENCE.sub(substitute, value)
    return value if replaced == value else replaced


def _parameter(argument: str, stores: ValueStores, *, secure: bool = False) -> str:
    name, _, version = argument.partition(":")
    return stores.parameter(name, version or None, secure=secure)


def _secret(argument: str, stores: ValueStores) -> str:
    parts = argument.split(":")
    id_parts = _ARN_PARTS if argument.startswith("arn:") else 1
    secret_id = ":".join(parts[:id_parts])
    kind, key, stage, version = [*parts[id_parts:], "", "", "", ""][:4]
    if kind not in ("", "SecretString"):
        raise ValidationError(
            f"Template error: a reference to secret {secret_id} asks for {kind}; only SecretString is there to ask for."
        )
    text = stores.secret(secret_id, version_stage=stage or None, version_id=version or None)
    if not key:
        return text
    try:
        return str(json.loads(text)[key])
    except (ValueError, KeyError, TypeError):
        raise ValidationError(
            f"Could not find a value associated with JSONKey {key} in the SecretString of {secret_id}"
        ) from None
