"""The quota: whether the account may run the instances of the endpoint, beside those of its other endpoints."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.checks.check import Check, code_of, fix, not_checked, ok
from cli.checks.usage import count_others

if TYPE_CHECKING:
    from boto3 import Session


def check_quota(session: "Session", *, instance: str, first: int, most: int, own: str) -> Check:
    """Whether the quota for endpoint usage covers the deployment.

    Args:
        session: whose account and region are looked at.
        instance: the instance type.
        first: instances that a deploy starts.
        most: instances that scaling and updates may grow to.
        own: what the names of the deployment's own endpoints begin with: they do not use it up.
    """
    name = f"{instance} for endpoint usage"
    quota = _find_quota(session, name)
    if quota is None:
        return not_checked("quota", f"Service Quotas lists no '{name}' in {session.region_name}.")
    value = int(quota["Value"])
    used, told = _count_used(session, instance, own=own)
    if value - used >= most:
        return ok("quota", f"{value} x {instance}{told}, and the endpoint grows to {most}")
    problem = (
        f"The account may run {value} x {instance}{told}; a deploy starts {first}, and the endpoint grows to {most}."
    )
    return fix(
        "quota",
        f"{problem} Ask for more: `aws service-quotas request-service-quota-increase --service-code sagemaker "
        f"--quota-code {quota['QuotaCode']} --desired-value {most + used}`, or choose another -c instance_type=.",
    )


def _count_used(session: "Session", instance: str, *, own: str) -> tuple[int, str]:
    """Instances of other endpoints, and what to say of them."""
    try:
        used = count_others(session, own=own)[instance]
    except ClientError as error:
        return 0, f" (what other endpoints use is not known: {code_of(error)})"
    return used, f", of which {used} run for other endpoints" if used else ""


def _find_quota(session: "Session", name: str) -> Any | None:
    """The quota of a name; the codes differ from type to type and follow no rule."""
    client: Any = session.client("service-quotas")
    for page in client.get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker"):
        for quota in page["Quotas"]:
            if quota["QuotaName"] == name:
                return quota
    return None
