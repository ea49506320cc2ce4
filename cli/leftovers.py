"""What is still there after a destroy, in an account that holds nothing but this project: the local AWS."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cli.processes import is_alive

if TYPE_CHECKING:
    from boto3 import Session

BOOTSTRAP_STACK = "CDKToolkit"


@dataclass(frozen=True, kw_only=True)
class _Listing:
    """How one kind of thing is listed: by which paginated operation, and where in its answer."""

    what: str
    service: str
    operation: str
    key: str
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)


_LISTINGS = (
    _Listing(what="stack", service="cloudformation", operation="describe_stacks", key="Stacks", name="StackName"),
    _Listing(
        what="component",
        service="sagemaker",
        operation="list_inference_components",
        key="InferenceComponents",
        name="InferenceComponentName",
    ),
    _Listing(what="endpoint", service="sagemaker", operation="list_endpoints", key="Endpoints", name="EndpointName"),
    _Listing(
        what="endpoint configuration",
        service="sagemaker",
        operation="list_endpoint_configs",
        key="EndpointConfigs",
        name="EndpointConfigName",
    ),
    _Listing(what="model", service="sagemaker", operation="list_models", key="Models", name="ModelName"),
    _Listing(
        what="scalable target",
        service="application-autoscaling",
        operation="describe_scalable_targets",
        key="ScalableTargets",
        name="ResourceId",
        arguments={"ServiceNamespace": "sagemaker"},
    ),
    _Listing(
        what="scaling policy",
        service="application-autoscaling",
        operation="describe_scaling_policies",
        key="ScalingPolicies",
        name="PolicyName",
        arguments={"ServiceNamespace": "sagemaker"},
    ),
    _Listing(what="alarm", service="cloudwatch", operation="describe_alarms", key="MetricAlarms", name="AlarmName"),
    _Listing(
        what="parameter",
        service="ssm",
        operation="get_parameters_by_path",
        key="Parameters",
        name="Name",
        arguments={"Path": "/llm-twin", "Recursive": True},
    ),
)


def list_leftovers(session: "Session", *, processes: Iterable[int] = ()) -> list[str]:
    """What a destroy should have removed and has not, one line each; empty when it removed everything.

    Args:
        session: whose account and region are looked at.
        processes: the copies that ran, by process id.
    """
    left = [f"process {pid}" for pid in processes if is_alive(pid)]
    for listing in _LISTINGS:
        client: Any = session.client(listing.service)  # type: ignore[call-overload]  # the stubs know literals only
        pages = client.get_paginator(listing.operation).paginate(**listing.arguments)
        names = [found[listing.name] for page in pages for found in page[listing.key]]
        left += [f"{listing.what} {name}" for name in names if name != BOOTSTRAP_STACK]
        client.close()
    return left
