"""Bringing a copy count within the bounds of its target, as registering the target does.

Application Auto Scaling looks when a target is registered and when a policy acts, and at no other time: a count that
somebody sets by hand outside of the bounds stays until then.
https://docs.aws.amazon.com/autoscaling/application/userguide/getting-started.html

Only inference components have something behind them here; instances of a variant and tasks of a service keep their
number.
"""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.aws.autoscaling.dimension import COPIES
from local.aws.autoscaling.scalable_target import ScalableTarget
from local.aws.containers.errors import FleetBusyError
from local.aws.containers.fleet_state import FleetStatus
from local.aws.sagemaker.hosting import Hostings
from local.aws.wire.place import Place


class Bounds:
    """Brings copy counts within bounds.

    Args:
        hostings: what there is, by place.
    """

    def __init__(self, *, hostings: Hostings) -> None:
        self._hostings = hostings

    def apply(self, place: Place, target: ScalableTarget) -> Mapping[str, Any] | None:
        """Bring the copy count of a target within its bounds.

        Returns:
            The scaling activity, or None where there is nothing to do or the component is not in service: a resource
            that is not active keeps its capacity.
        """
        if target.key.dimension != COPIES.name:
            return None
        hosting = self._hostings(place)
        with hosting.lock:
            fleet = hosting.components.get(target.key.parts["InferenceComponentName"]).fleet
        state = fleet.state()
        wanted = target.clamp(state.desired)
        if wanted == state.desired or state.status is not FleetStatus.IN_SERVICE:
            return None
        try:
            fleet.scale(wanted)
        except FleetBusyError:  # something else began just now
            return None
        return _activity(target, wanted, bound="minimum" if wanted > state.desired else "maximum")


def _activity(target: ScalableTarget, wanted: int, *, bound: str) -> Mapping[str, Any]:
    now = datetime.now(UTC)
    return {
        "ActivityId": str(uuid.uuid4()),
        "ServiceNamespace": target.key.namespace,
        "ResourceId": target.key.resource_id,
        "ScalableDimension": target.key.dimension,
        "Description": f"Setting desired copy count to {wanted}.",
        "Cause": f"{bound} capacity was set to {wanted}",
        "StartTime": now,
        "EndTime": now,
        "StatusCode": "Successful",
        "StatusMessage": f"Successfully set desired copy count to {wanted}.",
    }
