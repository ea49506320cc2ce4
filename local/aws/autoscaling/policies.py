"""The operations on scaling policies."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.aws.autoscaling.dimension import TargetKey, read_key
from local.aws.autoscaling.policy_alarms import alarms_of, delete_alarms, put_alarms
from local.aws.autoscaling.registry import Registries
from local.aws.autoscaling.scaling_policy import ScalingPolicy, read_configuration, read_type
from local.aws.autoscaling.selection import of_targets
from local.aws.wire.errors import ObjectNotFoundException, ValidationException
from local.aws.wire.paging import page
from local.aws.wire.place import Place
from local.aws.wire.service import Action, Params


class Policies:
    """Puts, describes and deletes policies.

    Args:
        registries: what there is, by place.
    """

    def __init__(self, *, registries: Registries) -> None:
        self._registries = registries

    def actions(self) -> Mapping[str, Action]:
        """The operations by AWS's names."""
        return {
            "PutScalingPolicy": self.put,
            "DescribeScalingPolicies": self.describe,
            "DeleteScalingPolicy": self.delete,
        }

    def put(self, place: Place, params: Params) -> Mapping[str, Any]:
        """PutScalingPolicy: a new policy, or another configuration for one that is there."""
        key, name = read_key(params), params["PolicyName"]
        registry = self._registries(place)
        with registry.lock:
            registry.target(key)
            there = registry.policies.get((key, name))
            type_ = there.type if there is not None and "PolicyType" not in params else read_type(params)
            if there is not None and there.type is not type_:
                raise ValidationException(f"The type of policy {name} is {there.type} and cannot become {type_}.")
            policy = ScalingPolicy(
                key=key,
                name=name,
                arn=there.arn if there is not None else _new_arn(place, key, name),
                type=type_,
                configuration=read_configuration(key, type_, params),
                created_at=there.created_at if there is not None else datetime.now(UTC),
            )
            registry.policies[key, name] = policy
            put_alarms(place, policy)
            return {"PolicyARN": policy.arn, "Alarms": alarms_of(place, policy)}

    def describe(self, place: Place, params: Params) -> Mapping[str, Any]:
        """DescribeScalingPolicies."""
        registry, names = self._registries(place), params.get("PolicyNames")
        with registry.lock:
            wanted = [p for p in of_targets(registry.policies.values(), params) if names is None or p.name in names]
            policies, token = page(wanted, params)
            described = [policy.describe(alarms_of(place, policy)) for policy in policies]
        return {"ScalingPolicies": described, "NextToken": token}

    def delete(self, place: Place, params: Params) -> None:
        """DeleteScalingPolicy, and the alarms that AWS made for it."""
        key, name = read_key(params), params["PolicyName"]
        registry = self._registries(place)
        with registry.lock:
            policy = registry.policies.pop((key, name), None)
            if policy is None:
                raise ObjectNotFoundException(f"No scaling policy found for {key}, policy name: {name}")
            delete_alarms(place, policy)


def _new_arn(place: Place, key: TargetKey, name: str) -> str:
    scope = f"arn:{place.partition}:autoscaling:{place.region}:{place.account_id}:scalingPolicy"
    return f"{scope}:{uuid.uuid4()}:resource/{key.namespace}/{key.resource_id}:policyName/{name}"
