"""The operations on what scaling has done, and on the tags of targets."""

from collections.abc import Mapping
from typing import Any

from local.aws.autoscaling.registry import Registries, Registry
from local.aws.wire.errors import ObjectNotFoundException
from local.aws.wire.paging import page
from local.aws.wire.place import Place
from local.aws.wire.service import Action, Params

_FILTERS = ("ServiceNamespace", "ResourceId", "ScalableDimension")


class Activities:
    """Describes scaling activities, and tags targets.

    Args:
        registries: what there is, by place.
    """

    def __init__(self, *, registries: Registries) -> None:
        self._registries = registries

    def actions(self) -> Mapping[str, Action]:
        """The operations by AWS's names."""
        return {
            "DescribeScalingActivities": self.describe,
            "TagResource": self.tag,
            "UntagResource": self.untag,
            "ListTagsForResource": self.tags,
        }

    def describe(self, place: Place, params: Params) -> Mapping[str, Any]:
        """DescribeScalingActivities, newest first."""
        registry = self._registries(place)
        with registry.lock:
            wanted = [
                activity
                for activity in registry.activities
                if all(params.get(name) in {None, activity[name]} for name in _FILTERS)
            ]
        activities, token = page(wanted, params)
        return {"ScalingActivities": activities, "NextToken": token}

    def tag(self, place: Place, params: Params) -> None:
        """TagResource."""
        registry = self._registries(place)
        with registry.lock:
            _tags(registry, params).update(params["Tags"])

    def untag(self, place: Place, params: Params) -> None:
        """UntagResource."""
        registry = self._registries(place)
        with registry.lock:
            tags = _tags(registry, params)
            for key in params["TagKeys"]:
                tags.pop(key, None)

    def tags(self, place: Place, params: Params) -> Mapping[str, Any]:
        """ListTagsForResource."""
        registry = self._registries(place)
        with registry.lock:
            return {"Tags": dict(_tags(registry, params))}


def _tags(registry: Registry, params: Params) -> dict[str, str]:
    arn = params["ResourceARN"]
    if arn not in registry.tags:
        raise ObjectNotFoundException(f"No scalable target has the ARN {arn}")
    return registry.tags[arn]
