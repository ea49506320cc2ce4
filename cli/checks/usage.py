"""How much of a quota is in use: the instances of endpoints that are not the deployment's own."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from cli.costs.endpoints import count_instances

if TYPE_CHECKING:
    from boto3 import Session


def count_others(session: "Session", *, own: str) -> Counter[str]:
    """Instances by type of the account's endpoints in the region.

    Args:
        session: whose account and region are looked at.
        own: what the names of the deployment's own endpoints begin with; those are not counted.

    Raises:
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: AWS could not be asked.
    """
    client: Any = session.client("sagemaker")
    found: Counter[str] = Counter()
    for page in client.get_paginator("list_endpoints").paginate():
        for listed in page["Endpoints"]:
            if not listed["EndpointName"].startswith(own):
                found.update(_count(client, listed["EndpointName"]))
    return found


def _count(client: Any, endpoint_name: str) -> Counter[str]:
    described = client.describe_endpoint(EndpointName=endpoint_name)
    variants = described.get("ProductionVariants", [])
    if not variants:
        return Counter()
    config = client.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    definitions = {variant["VariantName"]: variant for variant in config["ProductionVariants"]}
    found: Counter[str] = Counter()
    for variant in variants:
        found.update(count_instances(variant, definitions.get(variant["VariantName"], {})))
    return found
