"""Endpoints: their instances now, by type, and how many there may be."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from cli.costs.cost import Cost, HourlyRange
from cli.costs.resource import Resource
from model.errors import UnknownInstanceError
from model.hardware import find_instance

if TYPE_CHECKING:
    from boto3 import Session


def price_endpoint(session: "Session", resource: Resource) -> Cost:
    """What an endpoint's instances cost; unknown where an instance type has no known price."""
    client: Any = session.client("sagemaker")
    described = client.describe_endpoint(EndpointName=resource.name)
    config = client.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    definitions = {variant["VariantName"]: variant for variant in config["ProductionVariants"]}
    now: Counter[str] = Counter()
    ranges: list[HourlyRange | None] = []
    for variant in described.get("ProductionVariants", []):
        definition = definitions.get(variant["VariantName"], {})
        now.update(count_instances(variant, definition))
        ranges.append(_reckon_range(variant, definition))
    prices = {name: _find_price(name) for name in now}
    running = {name: count for name, count in now.items() if count}
    unknown = sorted(name for name in running if prices[name] is None)
    detail = ", ".join(f"{count} x {name}" for name, count in running.items()) or "no instance at the moment"
    known = [span for span in ranges if span is not None]
    return Cost(
        resource=resource,
        what="endpoint",
        detail=f"{detail}, {described['EndpointStatus']}"
        + (f"; no price is known of {', '.join(unknown)}" if unknown else ""),
        usd_per_hour=None if unknown else sum(count * (prices[name] or 0.0) for name, count in running.items()),
        range=HourlyRange(
            idle_usd=sum(span.idle_usd for span in known),
            least_usd=sum(span.least_usd for span in known),
            most_usd=sum(span.most_usd for span in known),
        )
        if known and len(known) == len(ranges)
        else None,
        by_use="data transfer",
    )


def price_component(session: "Session", resource: Resource) -> Cost:
    """A component's copies, which cost nothing beside the instances they run on."""
    described: Any = session.client("sagemaker").describe_inference_component(InferenceComponentName=resource.name)
    copies = described.get("RuntimeConfig")
    counted = (
        f"{copies['CurrentCopyCount']} of {copies['DesiredCopyCount']} copies"
        if copies
        else f"adapter of {described['Specification']['BaseInferenceComponentName']}"
    )
    return Cost(
        resource=resource,
        what="component",
        detail=f"{counted}, on the instances of {described['EndpointName']}",
        usd_per_hour=0.0,
    )


def count_instances(variant: Any, definition: Any) -> dict[str, int]:
    """Instances by type; of instance pools SageMaker counts each type.

    Args:
        variant: as DescribeEndpoint tells of it.
        definition: as the endpoint's configuration has it; {} where that is not known.
    """
    if pools := variant.get("InstancePools"):
        return {pool["InstanceType"]: pool["CurrentInstanceCount"] for pool in pools}
    name = definition.get("InstanceType")
    if name is None:
        # A configuration of pools, and no count by type: of which type they are is not known.
        name = " or ".join(pool["InstanceType"] for pool in definition.get("InstancePools", [])) or "an unknown type"
    return {name: variant.get("CurrentInstanceCount", 0)}


def _reckon_range(variant: Any, definition: Any) -> HourlyRange | None:
    names = [pool["InstanceType"] for pool in definition.get("InstancePools", [])] or [definition.get("InstanceType")]
    prices = [_find_price(name) for name in names]
    known = [price for price in prices if price is not None]
    if len(known) < len(prices):
        return None
    count = variant.get("CurrentInstanceCount", 0)
    scaling = variant.get("ManagedInstanceScaling") or definition.get("ManagedInstanceScaling") or {}
    scales = scaling.get("Status") == "ENABLED"
    least = scaling.get("MinInstanceCount", count) if scales else count
    most = scaling.get("MaxInstanceCount", count) if scales else count
    # Which pool an instance will be of is not known before: the cheapest at least, the dearest at most.
    return HourlyRange(idle_usd=least * min(known), least_usd=max(1, least) * min(known), most_usd=most * max(known))


def _find_price(instance_type: str | None) -> float | None:
    try:
        return find_instance(instance_type or "").usd_per_hour
    except UnknownInstanceError:
        return None
