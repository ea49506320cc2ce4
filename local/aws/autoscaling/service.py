"""Application Auto Scaling of the local AWS, put together: what the server makes once."""

import threading
from collections.abc import Mapping

from moto.core.responses import BaseResponse

from local.aws.autoscaling.activities import Activities
from local.aws.autoscaling.bounds import Bounds
from local.aws.autoscaling.dimension import COPIES, TASKS, VARIANT_INSTANCES
from local.aws.autoscaling.policies import Policies
from local.aws.autoscaling.registry import Registry
from local.aws.autoscaling.scheduled_actions import ScheduledActions
from local.aws.autoscaling.targets import Targets
from local.aws.sagemaker.adapter import AdapterComponent
from local.aws.sagemaker.hosting import Hostings
from local.aws.wire.errors import ValidationException
from local.aws.wire.place import Place
from local.aws.wire.response import ServiceResponse
from local.aws.wire.service import AwsService


class AutoScalingService:
    """Targets, policies and scheduled actions, in memory, by account and region.

    Args:
        hostings: what SageMaker hosts, by place: a target's component or variant must be there.

    Attributes:
        api: the operations, for CloudFormation.
    """

    def __init__(self, *, hostings: Hostings) -> None:
        self._hostings = hostings
        self._registries: dict[Place, Registry] = {}
        self._lock = threading.Lock()
        exists = {
            COPIES.name: self._component_exists,
            VARIANT_INSTANCES.name: self._variant_exists,
            TASKS.name: _ecs_service_exists,
        }
        groups = (
            Targets(registries=self.registry, exists=exists, bounds=Bounds(hostings=hostings)),
            Policies(registries=self.registry),
            ScheduledActions(registries=self.registry),
            Activities(registries=self.registry),
        )
        actions = {name: action for group in groups for name, action in group.actions().items()}
        self.api = AwsService(name="application-autoscaling", actions=actions)

    def make_response(self) -> BaseResponse:
        """What answers one request, for the dispatcher (by the name ``applicationautoscaling``)."""
        return ServiceResponse(self.api)

    def registry(self, place: Place) -> Registry:
        """What is registered in a place: what a scaler reads."""
        with self._lock:
            if place not in self._registries:
                self._registries[place] = Registry(place=place)
            return self._registries[place]

    def _component_exists(self, place: Place, parts: Mapping[str, str]) -> bool:
        hosting = self._hostings(place)
        with hosting.lock:
            found = [one for one in hosting.components if one.name == parts["InferenceComponentName"]]
        for component in found:
            if isinstance(component, AdapterComponent):
                raise ValidationException(
                    f"{component.name} is an adapter and has no copies of its own: scale its base, "
                    f"{component.base.name}."
                )
        return bool(found)

    def _variant_exists(self, place: Place, parts: Mapping[str, str]) -> bool:
        hosting = self._hostings(place)
        with hosting.lock:
            try:
                hosting.endpoints.get(parts["EndpointName"]).variant(parts["VariantName"])
            except ValidationException:
                return False
        return True


def _ecs_service_exists(place: Place, parts: Mapping[str, str]) -> bool:
    # A second of imports: only who scales a service pays.
    from moto.ecs.exceptions import ClusterNotFoundException  # noqa: PLC0415 - as said above
    from moto.ecs.models import ecs_backends  # noqa: PLC0415 - as said above

    backend = ecs_backends[place.account_id][place.region]
    try:
        found, _ = backend.describe_services(parts["ClusterName"], [parts["ServiceName"]])
    except ClusterNotFoundException:
        return False
    return bool(found)
