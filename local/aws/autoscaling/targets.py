"""The operations on scalable targets and their tags."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from local.aws.autoscaling.bounds import Bounds
from local.aws.autoscaling.dimension import Exists, TargetKey, read_key
from local.aws.autoscaling.policy_alarms import delete_alarms
from local.aws.autoscaling.registry import Registries, Registry
from local.aws.autoscaling.scalable_target import NOT_SUSPENDED, ScalableTarget
from local.aws.autoscaling.selection import of_targets
from local.aws.wire.errors import ValidationException
from local.aws.wire.paging import page
from local.aws.wire.place import Place
from local.aws.wire.service import Action, Params


class Targets:
    """Registers, describes and deregisters targets.

    Args:
        registries: what there is, by place.
        exists: whether the resource of a target exists, by the dimension's name.
        bounds: what brings its capacity within the bounds that are registered.
    """

    def __init__(self, *, registries: Registries, exists: Mapping[str, Exists], bounds: Bounds) -> None:
        self._registries = registries
        self._exists = exists
        self._bounds = bounds

    def actions(self) -> Mapping[str, Action]:
        """The operations by AWS's names."""
        return {
            "RegisterScalableTarget": self.register,
            "DescribeScalableTargets": self.describe,
            "DeregisterScalableTarget": self.deregister,
        }

    def register(self, place: Place, params: Params) -> Mapping[str, Any]:
        """RegisterScalableTarget: a new target, or new bounds for one that is there; its capacity is brought within."""
        key = read_key(params)
        if not self._exists[key.dimension](place, key.parts):
            raise ValidationException(f"{key.scaled.noun} doesn't exist: {key.resource_id}")
        registry = self._registries(place)
        with registry.lock:
            there = registry.targets.get(key)
            if there is not None and params.get("Tags"):
                raise ValidationException(
                    "The scalable target that you tried to tag already exists. To update tags on an existing scalable "
                    "target, use the TagResource API."
                )
            target = _new(place, key, params) if there is None else _changed(there, params)
            registry.targets[key] = target
            registry.tags.setdefault(target.arn, {}).update(params.get("Tags", {}))
            if activity := self._bounds.apply(place, target):
                registry.activities.appendleft(activity)
        return {"ScalableTargetARN": target.arn}

    def describe(self, place: Place, params: Params) -> Mapping[str, Any]:
        """DescribeScalableTargets."""
        registry = self._registries(place)
        with registry.lock:
            targets, token = page(of_targets(registry.targets.values(), params), params)
        return {"ScalableTargets": [target.describe() for target in targets], "NextToken": token}

    def deregister(self, place: Place, params: Params) -> None:
        """DeregisterScalableTarget, and with it its policies, their alarms and its scheduled actions."""
        key = read_key(params)
        registry = self._registries(place)
        with registry.lock:
            target = registry.target(key)
            _drop_dependants(place, registry, key)
            del registry.targets[key]
            registry.tags.pop(target.arn, None)


def _new(place: Place, key: TargetKey, params: Params) -> ScalableTarget:
    if "MinCapacity" not in params or "MaxCapacity" not in params:
        raise ValidationException(
            f"MinCapacity and MaxCapacity are required to register a new scalable target ({key})."
        )
    role_arn = f"arn:{place.partition}:iam::{place.account_id}:role/aws-service-role/{key.scaled.role}"
    scope = f"arn:{place.partition}:application-autoscaling:{place.region}:{place.account_id}"
    return ScalableTarget(
        key=key,
        arn=f"{scope}:scalable-target/{uuid.uuid4().hex}",
        least=params["MinCapacity"],
        most=params["MaxCapacity"],
        role_arn=params.get("RoleARN", role_arn),
        suspended={**NOT_SUSPENDED, **params.get("SuspendedState", {})},
        created_at=datetime.now(UTC),
    )


def _changed(target: ScalableTarget, params: Params) -> ScalableTarget:
    return replace(
        target,
        least=params.get("MinCapacity", target.least),
        most=params.get("MaxCapacity", target.most),
        role_arn=params.get("RoleARN", target.role_arn),
        suspended={**target.suspended, **params.get("SuspendedState", {})},
    )


def _drop_dependants(place: Place, registry: Registry, key: TargetKey) -> None:
    for policy in registry.policies_of(key):
        delete_alarms(place, policy)
        del registry.policies[key, policy.name]
    for of, name in tuple(registry.scheduled_actions):
        if of == key:
            del registry.scheduled_actions[of, name]
