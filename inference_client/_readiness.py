"""Waiting until an endpoint and its component are InService. botocore has no waiter for components."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ._aws import translated
from ._error_rules import Target
from ._options import Waiting
from .errors import DeploymentFailedError, NotInServiceError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_FAILED = frozenset({"Failed", "OutOfService", "UpdateRollbackFailed", "Deleting"})


def wait_until_in_service(
    sagemaker: "SageMakerClient",
    target: Target,
    *,
    timeout_s: float,
    poll_s: float,
    on_wait: Callable[[Waiting], Any] | None,
) -> None:
    """Poll until both are InService; see :meth:`EndpointClient.wait_until_in_service`."""
    started_s = time.monotonic()
    while True:
        pending = next(_not_in_service(sagemaker, target), None)
        if pending is None:
            return
        elapsed_s = time.monotonic() - started_s
        if elapsed_s >= timeout_s:
            raise NotInServiceError(
                f"{target}: {pending} after {elapsed_s:.0f} s. Wait longer, or read the container's log."
            )
        pause_s = min(poll_s, timeout_s - elapsed_s)
        if on_wait is not None:
            on_wait(Waiting(elapsed_s=elapsed_s, limit_s=timeout_s, pause_s=pause_s, reason=pending))
        time.sleep(pause_s)


def _not_in_service(sagemaker: "SageMakerClient", target: Target) -> Iterator[str]:
    """What is not InService yet, the component first: it fails earlier and says more.

    Raises:
        DeploymentFailedError: something failed.
    """
    with translated(target):
        if target.component_name is not None:
            component = sagemaker.describe_inference_component(InferenceComponentName=target.component_name)
            status = component["InferenceComponentStatus"]
            if status in _FAILED:
                raise _failed(f"component {target.component_name}", status, component.get("FailureReason"))
            if status != "InService":
                yield f"component {target.component_name} is {status}"
        endpoint = sagemaker.describe_endpoint(EndpointName=target.endpoint_name)
        if endpoint["EndpointStatus"] in _FAILED:
            raise _failed(f"endpoint {target.endpoint_name}", endpoint["EndpointStatus"], endpoint.get("FailureReason"))
        if endpoint["EndpointStatus"] != "InService":
            yield f"endpoint {target.endpoint_name} is {endpoint['EndpointStatus']}"


def _failed(what: str, status: str, reason: str | None) -> DeploymentFailedError:
    return DeploymentFailedError(f"{what} is {status}: {(reason or 'no reason given').rstrip('.')}. Deploy it again.")
