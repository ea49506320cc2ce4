"""How SageMaker lists: filters, order and pages, the same for every kind of resource."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from local.aws.wire.errors import ValidationException
from local.aws.wire.service import Params

Resource = TypeVar("Resource")

_DEFAULT_PAGE = 10


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a resource is listed by."""

    name: str
    created_at: datetime
    modified_at: datetime
    status: str = ""


def page(
    resources: Iterable[Resource], params: Params, *, facts: Callable[[Resource], Facts]
) -> tuple[list[Resource], str | None]:
    """Return one page of a listing, and the token of the next page or None.

    Args:
        resources: all there are.
        params: of a List operation: NameContains, StatusEquals, …TimeBefore and …TimeAfter, SortBy, SortOrder,
            MaxResults, NextToken.
        facts: what a resource is filtered and sorted by.

    Raises:
        ValidationException: the token is not one that a listing gave.
    """
    known = [(resource, facts(resource)) for resource in resources]
    descending = params.get("SortOrder", "Descending") == "Descending"
    rows = sorted(
        ((_sort_key(fact, params), resource) for resource, fact in known if _passes(fact, params)),
        key=lambda row: row[0],
        reverse=descending,
    )
    if token := params.get("NextToken"):
        last = _read_token(token)
        rows = [row for row in rows if (row[0] < last if descending else row[0] > last)]
    size = params.get("MaxResults", _DEFAULT_PAGE)
    shown = rows[:size]
    return [resource for _, resource in shown], _token(shown[-1][0]) if len(rows) > size else None


def _passes(fact: Facts, params: Params) -> bool:
    checks = (
        ("NameContains", lambda wanted: wanted.lower() in fact.name.lower()),
        ("StatusEquals", lambda wanted: wanted == fact.status),
        ("CreationTimeBefore", lambda moment: fact.created_at < _in_utc(moment)),
        ("CreationTimeAfter", lambda moment: fact.created_at > _in_utc(moment)),
        ("LastModifiedTimeBefore", lambda moment: fact.modified_at < _in_utc(moment)),
        ("LastModifiedTimeAfter", lambda moment: fact.modified_at > _in_utc(moment)),
    )
    return all(name not in params or passes(params[name]) for name, passes in checks)


def _in_utc(moment: datetime) -> datetime:
    """Moto reads a request's moments as UTC without saying so."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _sort_key(fact: Facts, params: Params) -> tuple[str, str]:
    """Sort by what is asked, and by name among equals, so that a page token points to one place."""
    by = params.get("SortBy", "CreationTime")
    leading = {"Name": "", "Status": fact.status, "CreationTime": fact.created_at.isoformat(timespec="microseconds")}
    return leading[by], fact.name.lower()


def _token(key: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _read_token(token: str) -> tuple[str, str]:
    try:
        leading, name = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, binascii.Error) as error:
        raise ValidationException(f"Invalid NextToken '{token}'.") from error
    return leading, name
