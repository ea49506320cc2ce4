"""The CloudWatch alarms of policies, in moto's CloudWatch.

A target-tracking policy owns two, which AWS makes, names and deletes with it. A step policy owns none: its alarms are
those that name it as their action.
"""

import uuid
from enum import StrEnum

from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends

from local.aws.autoscaling.predefined_metric import TrackedMetric, read_metric
from local.aws.autoscaling.scaling_policy import PolicyType, ScalingPolicy
from local.aws.wire.place import Place

# AWS scales in below 90% of the target.
_SCALE_IN_BELOW = 0.9


class _Side(StrEnum):
    HIGH = "High"
    LOW = "Low"


def alarms_of(place: Place, policy: ScalingPolicy) -> list[dict[str, str]]:
    """The alarms of a policy as its descriptions list them."""
    found = sorted(_of(place, policy), key=lambda alarm: alarm.name)
    return [{"AlarmName": alarm.name, "AlarmARN": alarm.alarm_arn} for alarm in found]


def put_alarms(place: Place, policy: ScalingPolicy) -> None:
    """Make the alarms of a target-tracking policy, or change those it has."""
    if policy.type is not PolicyType.TARGET_TRACKING:
        return
    metric = read_metric(policy.key, policy.configuration)
    target = policy.configuration["TargetValue"]
    _put(place, policy, _Side.HIGH, metric=metric, threshold=target)
    if policy.configuration.get("DisableScaleIn", False):
        _backend(place).delete_alarms([_name(place, policy, _Side.LOW)])
    else:
        _put(place, policy, _Side.LOW, metric=metric, threshold=target * _SCALE_IN_BELOW)


def delete_alarms(place: Place, policy: ScalingPolicy) -> None:
    """Delete the alarms that the policy owns."""
    if policy.type is PolicyType.TARGET_TRACKING:
        _backend(place).delete_alarms([alarm.name for alarm in _of(place, policy)])


def _put(place: Place, policy: ScalingPolicy, side: _Side, *, metric: TrackedMetric, threshold: float) -> None:
    high = side is _Side.HIGH
    alarm = _backend(place).put_metric_alarm(
        name=_name(place, policy, side),
        namespace=metric.namespace,
        metric_name=metric.name,
        comparison_operator="GreaterThanThreshold" if high else "LessThanThreshold",
        evaluation_periods=metric.datapoints_out if high else metric.datapoints_in,
        period=metric.period_s,
        threshold=threshold,
        statistic=metric.statistic,
        description=f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.arn}.",
        dimensions=[{"Name": part, "Value": value} for part, value in metric.dimensions.items()],
        alarm_actions=[policy.arn],
        unit=metric.unit,
    )
    alarm.state_value = "INSUFFICIENT_DATA"


def _name(place: Place, policy: ScalingPolicy, side: _Side) -> str:
    """The name that the policy's alarm has, or is to get."""
    lead = f"TargetTracking-{policy.key.resource_id}-Alarm{side}-"
    there = [alarm.name for alarm in _of(place, policy) if alarm.name.startswith(lead)]
    return there[0] if there else f"{lead}{uuid.uuid4()}"


def _of(place: Place, policy: ScalingPolicy) -> list[Alarm]:
    return [alarm for alarm in tuple(_backend(place).alarms.values()) if policy.arn in alarm.alarm_actions]


def _backend(place: Place) -> CloudWatchBackend:
    return cloudwatch_backends[place.account_id][place.region]
