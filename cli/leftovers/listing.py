"""How one kind of thing is listed, and how it is removed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boto3 import Session

# Tags of a listed thing that does not carry them: from the client and the thing itself.
ReadTags = Callable[[Any, Any], Iterable[Mapping[str, str]]]


def carried_tags(_: Any, found: Any) -> Iterable[Mapping[str, str]]:
    """The tags that are listed with the thing."""
    return found.get("Tags") or ()


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One kind of thing.

    Attributes:
        kind: for people.
        type: CloudFormation's name of it, by which it is priced.
        service: boto3's name of the service.
        operation: the paginated operation that lists it.
        key: where in the answer.
        name: where in each thing its name is; None where the list holds the names themselves.
        id: where in each thing that is by which CloudFormation and the price readers know it; None for the name.
        remove: the command that removes it; {name} is the name.
        arguments: of the operation.
        belongs_by: further fields whose value says whose it is.
        read_tags: how the tags are read of a thing whose name says nothing; None where the name always says it.
        counts: whether a thing that is listed is still there.
        stays: whether every destroy leaves it.
    """

    kind: str
    type: str
    service: str
    operation: str
    key: str
    name: str | None
    remove: str
    id: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    belongs_by: tuple[str, ...] = ()
    read_tags: ReadTags | None = None
    counts: Callable[[Any], bool] = lambda _: True
    stays: bool = False


def list_things(session: "Session", listing: Listing) -> Iterator[Any]:
    """Everything of a kind in the session's account and region."""
    client: Any = session.client(listing.service)  # type: ignore[call-overload]  # the stubs know literals only
    for page in client.get_paginator(listing.operation).paginate(**listing.arguments):
        yield from (found for found in page[listing.key] if listing.counts(found))
