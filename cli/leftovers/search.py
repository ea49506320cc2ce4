"""Looks for what is left: first the stacks, then everything that is the project's and in no stack."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.costs.cost import Cost
from cli.costs.reckoning import price, price_one
from cli.costs.resource import Resource, list_resources, list_stacks
from cli.leftovers.leftover import Leftover
from cli.leftovers.listing import Listing, list_things
from cli.leftovers.listings import CLUSTERS, LISTINGS
from cli.owner import Owner
from cli.processes import is_alive

if TYPE_CHECKING:
    from boto3 import Session

# What `cdk bootstrap` makes belongs to all projects of an account.
_BOOTSTRAP_STACK = "CDKToolkit"
_BOOTSTRAP_NAMES = ("cdk-hnb659fds-", "/cdk-bootstrap/")


def find_leftovers(session: "Session", *, owner: Owner | None = None, processes: Iterable[int] = ()) -> list[Leftover]:
    """Everything that is still there, what is billed first.

    What a stack holds is told of with its stack: `cdk destroy` removes both.

    Args:
        session: whose account and region are looked at.
        owner: whose things count; None for an account that holds nothing but this project, where everything does.
        processes: the copies that ran on this machine, by process id.

    Raises:
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: AWS could not be asked.
    """
    left = [
        Leftover(kind="process", name=str(pid), billable=False, usd_per_month=0.0, cost="free", remove=f"kill {pid}")
        for pid in processes
        if is_alive(pid)
    ]
    stacks = [name for name in list_stacks(session) if _counts(owner, name) and name != _BOOTSTRAP_STACK]
    held = list_resources(session, stacks)
    costs = price(session, held)
    left += [_describe_stack(name, [cost for cost in costs if cost.resource.stack == name]) for name in stacks]
    # Those of the costs too: target tracking made alarms that CloudFormation does not list.
    in_stacks = {id_ for one in (*held, *(cost.resource for cost in costs)) for id_ in _ids(one)}
    for listing in LISTINGS:
        left += _find(session, listing, owner, in_stacks)
    left += _find_services(session, owner, in_stacks)
    return sorted(left, key=lambda one: (not one.billable, -(one.usd_per_month or 0.0)))


def _counts(owner: Owner | None, name: str) -> bool:
    return owner is None or owner.owns(name)


def _ids(resource: Resource) -> set[str]:
    """What a listing may call it; of a scalable target CloudFormation joins resource, dimension and namespace."""
    return {text.casefold() for text in (resource.physical_id, resource.name, resource.physical_id.partition("|")[0])}


def _describe_stack(name: str, costs: list[Cost]) -> Leftover:
    known = sum(cost.usd_per_month or 0.0 for cost in costs)
    unknown = any(cost.usd_per_hour is None for cost in costs)
    return Leftover(
        kind="stack",
        name=name,
        billable=bool(costs),
        usd_per_month=known,
        cost=f"${known:,.2f} a month" + (" and what has no known price" if unknown else "") + " (`twin cost`)",
        remove=f"aws cloudformation delete-stack --stack-name {name}",
    )


def _find(session: "Session", listing: Listing, owner: Owner | None, in_stacks: set[str]) -> Iterator[Leftover]:
    for found in list_things(session, listing):
        name = found[listing.name] if listing.name else found
        id_ = found[listing.id] if listing.id else name
        if {name.casefold(), id_.casefold()} & in_stacks or name.startswith(_BOOTSTRAP_NAMES):
            continue
        if _belongs(session, listing, owner, found, name):
            yield _describe(session, listing, found, name, id_)


def _belongs(session: "Session", listing: Listing, owner: Owner | None, found: Any, name: str) -> bool:
    if owner is None or owner.owns(name) or any(owner.owns(found.get(key, "")) for key in listing.belongs_by):
        return True
    if listing.read_tags is None:
        return False
    client: Any = session.client(listing.service)  # type: ignore[call-overload]  # the stubs know literals only
    return owner.owns_tagged(listing.read_tags(client, found))


def _describe(session: "Session", listing: Listing, found: Any, name: str, id_: str) -> Leftover:
    facts = {key: value for key, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}
    bare = Leftover(
        kind=listing.kind,
        name=name,
        billable=False,
        usd_per_month=0.0,
        cost="free",
        remove=listing.remove.format_map({**facts, "name": name}),
        stays=listing.stays,
    )
    if listing.kind == "log group":
        stored = found.get("storedBytes", 0)
        return replace(bare, **_by_use(f"storage: {stored:,} bytes")) if stored else bare
    if listing.kind == "bucket":
        return replace(bare, **_by_use("storage")) if _holds_anything(session, name) else bare
    cost = price_one(session, Resource(type=listing.type, physical_id=id_))
    if cost is not None and cost.is_going:
        # Of a key there is nothing more to do; a secret can still be ended at once.
        return replace(
            bare, cost=f"free, {cost.detail}", stays=True, remove="" if listing.kind == "KMS key" else bare.remove
        )
    return replace(bare, **_priced(cost))


def _find_services(session: "Session", owner: Owner | None, in_stacks: set[str]) -> Iterator[Leftover]:
    """ECS lists services by cluster only, and the project's are on the project's clusters."""
    client: Any = session.client("ecs")
    for cluster in list_things(session, CLUSTERS):
        name = cluster.rpartition("/")[2]
        if not _counts(owner, name):
            continue
        for page in client.get_paginator("list_services").paginate(cluster=cluster):
            for arn in page["serviceArns"]:
                if arn.casefold() in in_stacks:
                    continue
                cost = price_one(session, Resource(type="AWS::ECS::Service", physical_id=arn))
                service = arn.rpartition("/")[2]
                yield Leftover(
                    kind="ECS service",
                    name=service,
                    remove=f"aws ecs delete-service --force --cluster {name} --service {service}",
                    **_priced(cost),
                )
        if name.casefold() not in in_stacks:
            yield Leftover(
                kind=CLUSTERS.kind,
                name=name,
                billable=False,
                usd_per_month=0.0,
                cost="free",
                remove=CLUSTERS.remove.format(name=name),
            )


def _priced(cost: Cost | None) -> dict[str, Any]:
    """What a price says of a leftover: something whose price is not known counts as billed."""
    if cost is None:
        return {"billable": False, "usd_per_month": 0.0, "cost": "free"}
    monthly = cost.usd_per_month
    billable = monthly != 0.0 or bool(cost.by_use)
    if monthly is None:
        words = f"not known ({cost.detail})"
    elif billable:
        words = f"${monthly:,.2f} a month" + (f", and {cost.by_use}" if cost.by_use else "")
    else:
        words = f"free ({cost.detail})" if cost.detail else "free"
    return {"billable": billable, "usd_per_month": monthly, "cost": words}


def _by_use(words: str) -> dict[str, Any]:
    return {"billable": True, "usd_per_month": None, "cost": f"by use, {words}"}


def _holds_anything(session: "Session", bucket: str) -> bool:
    """Whether a bucket holds an object, or an old version of one; one that cannot be looked into may."""
    client: Any = session.client("s3")
    try:
        answer = client.list_object_versions(Bucket=bucket, MaxKeys=1)
    except ClientError:
        return True
    return bool(answer.get("Versions") or answer.get("DeleteMarkers"))
