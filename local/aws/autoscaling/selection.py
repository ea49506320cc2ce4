"""What a Describe operation is about: by namespace, resource and dimension."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from local.aws.autoscaling.dimension import TargetKey
from local.aws.wire.service import Params


class Keyed(Protocol):
    """What belongs to a target."""

    @property
    def key(self) -> TargetKey:
        """The target."""
        ...


KeyedItem = TypeVar("KeyedItem", bound=Keyed)


def of_targets(items: Iterable[KeyedItem], params: Params) -> list[KeyedItem]:
    """What belongs to the targets that a Describe operation is about."""
    namespace, dimension = params["ServiceNamespace"], params.get("ScalableDimension")
    resource_ids = params.get("ResourceIds") or ([params["ResourceId"]] if "ResourceId" in params else None)
    return [
        item
        for item in items
        if item.key.namespace == namespace
        and dimension in {None, item.key.dimension}
        and (resource_ids is None or item.key.resource_id in resource_ids)
    ]
