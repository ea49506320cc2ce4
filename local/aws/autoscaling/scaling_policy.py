"""A scaling policy: how a target is scaled. A plain value; a scaler reads it. Its rules are checked here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any

from local.aws.autoscaling.dimension import TargetKey
from local.aws.autoscaling.predefined_metric import read_metric
from local.aws.wire.errors import ValidationException
from local.aws.wire.service import Params


class PolicyType(StrEnum):
    """The kinds of policy that there are here."""

    STEP_SCALING = "StepScaling"
    TARGET_TRACKING = "TargetTrackingScaling"


@dataclass(frozen=True, kw_only=True)
class ScalingPolicy:
    """A policy.

    Attributes:
        key: the target it scales.
        name: unique within the target.
        arn: its ARN.
        type: its kind.
        configuration: of its kind, as it was given.
        created_at: when.
    """

    key: TargetKey
    name: str
    arn: str
    type: PolicyType
    configuration: Mapping[str, Any]
    created_at: datetime

    @property
    def configuration_name(self) -> str:
        """The parameter that holds the configuration."""
        return f"{self.type}PolicyConfiguration"

    def describe(self, alarms: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        """Its entry in the answer of DescribeScalingPolicies."""
        return {
            "PolicyARN": self.arn,
            "PolicyName": self.name,
            "ServiceNamespace": self.key.namespace,
            "ResourceId": self.key.resource_id,
            "ScalableDimension": self.key.dimension,
            "PolicyType": self.type,
            self.configuration_name: self.configuration,
            "Alarms": alarms,
            "CreationTime": self.created_at,
        }


def read_type(params: Params) -> PolicyType:
    """Read the kind of a new policy; AWS's default is StepScaling.

    Raises:
        ValidationException: a kind that is not there.
    """
    given = params.get("PolicyType", PolicyType.STEP_SCALING)
    try:
        return PolicyType(given)
    except ValueError:
        raise ValidationException(f"This local AWS has no {given}. It has: {', '.join(PolicyType)}.") from None


def read_configuration(key: TargetKey, type_: PolicyType, params: Params) -> Mapping[str, Any]:
    """Read and check the configuration of a policy.

    Raises:
        ValidationException: it is missing or cannot be.
    """
    name = f"{type_}PolicyConfiguration"
    configuration: Mapping[str, Any] | None = params.get(name)
    if not configuration:
        raise ValidationException(f"{name} is required for a policy of type {type_}.")
    if type_ is PolicyType.STEP_SCALING:
        _check_steps(configuration)
    else:
        read_metric(key, configuration)
        if configuration["TargetValue"] <= 0:
            raise ValidationException(f"TargetValue must be greater than 0, not {configuration['TargetValue']:g}.")
    return configuration


def _check_steps(configuration: Params) -> None:
    steps = configuration.get("StepAdjustments")
    if not configuration.get("AdjustmentType") or not steps:
        raise ValidationException("StepScalingPolicyConfiguration needs an AdjustmentType and StepAdjustments.")
    infinity = float("inf")
    bounds = sorted(
        (step.get("MetricIntervalLowerBound", -infinity), step.get("MetricIntervalUpperBound", infinity))
        for step in steps
    )
    for lower, upper in bounds:
        if lower >= upper:
            raise ValidationException(f"A step's lower bound must be less than its upper bound: {lower:g}, {upper:g}.")
    for (_, end), (begin, _) in pairwise(bounds):
        if end != begin:
            raise ValidationException(f"Step intervals must neither overlap nor leave a gap: {end:g}, then {begin:g}.")
