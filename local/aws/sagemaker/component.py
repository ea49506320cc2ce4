"""An inference component: a name for a fleet of copies on a variant of an endpoint.

Its status, copy counts and failure reason are the fleet's; here they get AWS's shape.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.aws.containers.fleet import Fleet
from local.aws.containers.fleet_state import FleetStatus, Routing
from local.aws.containers.revision import Revision
from local.aws.sagemaker.endpoint import Endpoint


class Component:
    """An inference component.

    Args:
        name: in the case it was given.
        arn: its ARN.
        endpoint: that hosts it.
        variant: of the endpoint.
        fleet: its copies.

    Attributes:
        last_deployment: the DeploymentConfig of the last update that had one.
    """

    def __init__(self, *, name: str, arn: str, endpoint: Endpoint, variant: str, fleet: Fleet) -> None:
        self.name = name
        self.arn = arn
        self.endpoint = endpoint
        self.variant = variant
        self.fleet = fleet
        self.created_at = datetime.now(UTC)
        self.last_deployment: Mapping[str, Any] | None = None

    @property
    def status(self) -> FleetStatus:
        """Where it is in its life."""
        return self.fleet.state().status

    @property
    def given(self) -> Mapping[str, Any]:
        """The specification, or all of them, as they were given."""
        return self.fleet.state().revision.given

    @property
    def adapter(self) -> None:
        """The model itself answers for it."""
        return None

    @property
    def serves(self) -> bool:
        """Whether requests for it may be passed on; whether a copy can take one is another question."""
        return True

    @property
    def log_group(self) -> str:
        """Where AWS puts what its copies print."""
        return f"/aws/sagemaker/InferenceComponents/{self.name}"

    def wait_until_settled(self) -> bool:
        """Wait until nothing is under way; False when the local AWS ends before."""
        return self.fleet.wait_until(lambda state: state.settled)

    def delete(self) -> None:
        """End its copies, and then let go of it.

        Raises:
            FleetBusyError: it is creating, updating or being deleted.
        """
        self.fleet.delete()

    def join(self) -> None:
        """Wait until its last copy has ended, after it was deleted."""
        self.fleet.join()

    @property
    def routing(self) -> Routing:
        """How a request finds a copy."""
        return self.endpoint.variant(self.variant).routing

    def describe(self) -> dict[str, Any]:
        """The answer of DescribeInferenceComponent."""
        state = self.fleet.state()
        told = {"FailureReason": state.failure_reason, "LastDeploymentConfig": self.last_deployment}
        return {
            **self.summary(),
            **self._describe_specification(state.revision),
            "RuntimeConfig": {"DesiredCopyCount": state.desired, "CurrentCopyCount": state.current},
            **{name: value for name, value in told.items() if value is not None},
        }

    def _describe_specification(self, revision: Revision) -> dict[str, Any]:
        """The one specification, or all of them as they were given."""
        several = revision.given.get("Specifications")
        return {"Specifications": several} if several else {"Specification": revision.description}

    def summary(self) -> dict[str, Any]:
        """Its entry in the answer of ListInferenceComponents."""
        state = self.fleet.state()
        return {
            "InferenceComponentName": self.name,
            "InferenceComponentArn": self.arn,
            "EndpointName": self.endpoint.name,
            "EndpointArn": self.endpoint.arn,
            "VariantName": self.variant,
            "CreationTime": self.created_at,
            "LastModifiedTime": datetime.fromtimestamp(state.modified_at, UTC),
            "InferenceComponentStatus": state.status,
        }
