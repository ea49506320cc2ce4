"""The quota: whether the account may run the instances of the endpoint.

What other endpoints use of it is not subtracted: the stage that is looked at may be among them.
"""

from typing import TYPE_CHECKING, Any

from cli.checks.check import Check, fix, not_checked, ok

if TYPE_CHECKING:
    from boto3 import Session


def check_quota(session: "Session", *, instance: str, first: int, most: int) -> Check:
    """Whether the quota for endpoint usage covers the deployment.

    Args:
        session: whose account and region are looked at.
        instance: the instance type.
        first: instances that a deploy starts.
        most: instances that scaling and updates may grow to.
    """
    name = f"{instance} for endpoint usage"
    quota = _find_quota(session, name)
    if quota is None:
        return not_checked("quota", f"Service Quotas lists no '{name}' in {session.region_name}.")
    value = int(quota["Value"])
    if value >= most:
        return ok("quota", f"{value} x {instance}, and the endpoint grows to {most}")
    problem = f"The account may run {value} x {instance}; a deploy starts {first}, and the endpoint grows to {most}."
    return fix(
        "quota",
        f"{problem} Ask for more: `aws service-quotas request-service-quota-increase --service-code sagemaker "
        f"--quota-code {quota['QuotaCode']} --desired-value {most}`, or choose another -c instance_type=.",
    )


def _find_quota(session: "Session", name: str) -> Any | None:
    """The quota of a name; the codes differ from type to type and follow no rule."""
    client: Any = session.client("service-quotas")
    for page in client.get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker"):
        for quota in page["Quotas"]:
            if quota["QuotaName"] == name:
                return quota
    return None
