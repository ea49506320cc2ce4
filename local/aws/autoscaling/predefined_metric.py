"""Which CloudWatch metric a target-tracking policy follows, and how many datapoints move it.

AWS scales out after 3 datapoints above the target and in after 15 minutes below 90% of it. High-resolution metrics come
every 10 seconds, so those are 90 datapoints.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.aws.autoscaling.dimension import COPIES, TASKS, VARIANT_INSTANCES, TargetKey
from local.aws.wire.errors import ValidationException
from local.aws.wire.service import Params


@dataclass(frozen=True, kw_only=True)
class TrackedMetric:
    """A CloudWatch metric.

    Attributes:
        namespace: of the metric.
        name: of the metric.
        dimensions: of the metric, by name.
        statistic: of its values.
        period_s: of one datapoint.
        datapoints_out: above the target until it scales out.
        datapoints_in: below 90% of the target until it scales in.
        unit: of its values, if given.
    """

    namespace: str
    name: str
    dimensions: Mapping[str, str] = field(default_factory=dict)
    statistic: str = "Average"
    period_s: int = 60
    datapoints_out: int = 3
    datapoints_in: int = 15
    unit: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Predefined:
    dimension: str
    namespace: str
    name: str
    statistic: str = "Average"
    high_resolution: bool = False


_SAGEMAKER = "AWS/SageMaker"
_PREDEFINED = {
    "SageMakerInferenceComponentInvocationsPerCopy": _Predefined(
        dimension=COPIES.name, namespace=_SAGEMAKER, name="InvocationsPerCopy", statistic="Sum"
    ),
    "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution": _Predefined(
        dimension=COPIES.name, namespace=_SAGEMAKER, name="ConcurrentRequestsPerCopy", high_resolution=True
    ),
    "SageMakerVariantInvocationsPerInstance": _Predefined(
        dimension=VARIANT_INSTANCES.name, namespace=_SAGEMAKER, name="InvocationsPerInstance", statistic="Sum"
    ),
    "SageMakerVariantConcurrentRequestsPerModelHighResolution": _Predefined(
        dimension=VARIANT_INSTANCES.name, namespace=_SAGEMAKER, name="ConcurrentRequestsPerModel", high_resolution=True
    ),
    "ECSServiceAverageCPUUtilization": _Predefined(dimension=TASKS.name, namespace="AWS/ECS", name="CPUUtilization"),
    "ECSServiceAverageMemoryUtilization": _Predefined(
        dimension=TASKS.name, namespace="AWS/ECS", name="MemoryUtilization"
    ),
    "ALBRequestCountPerTarget": _Predefined(
        dimension=TASKS.name, namespace="AWS/ApplicationELB", name="RequestCountPerTarget", statistic="Sum"
    ),
}


def read_metric(key: TargetKey, configuration: Params) -> TrackedMetric:
    """Read what a TargetTrackingScalingPolicyConfiguration follows.

    Raises:
        ValidationException: it names no metric, two, or one that does not go with the target.
    """
    predefined = configuration.get("PredefinedMetricSpecification")
    customized = configuration.get("CustomizedMetricSpecification")
    if bool(predefined) == bool(customized):
        raise ValidationException(
            "Either PredefinedMetricSpecification or CustomizedMetricSpecification must be given, and not both."
        )
    return _predefined(key, predefined) if predefined else _customized(customized or {})


def _predefined(key: TargetKey, specification: Params) -> TrackedMetric:
    wanted = specification["PredefinedMetricType"]
    known = {name: metric for name, metric in _PREDEFINED.items() if metric.dimension == key.dimension}
    metric = known.get(wanted)
    if metric is None:
        raise ValidationException(
            f"PredefinedMetricType '{wanted}' does not go with {key.dimension}. These do: {', '.join(known)}."
        )
    dimensions = _target_group(specification) if wanted == "ALBRequestCountPerTarget" else key.parts
    common: dict[str, Any] = {"namespace": metric.namespace, "name": metric.name, "statistic": metric.statistic}
    if metric.high_resolution:
        return TrackedMetric(**common, dimensions=dimensions, period_s=10, datapoints_in=90)
    return TrackedMetric(**common, dimensions=dimensions)


def _target_group(specification: Params) -> Mapping[str, str]:
    # app/<load balancer>/<id>/targetgroup/<target group>/<id>
    parts = specification.get("ResourceLabel", "").split("/")
    if len(parts) != 6 or parts[0] != "app" or parts[3] != "targetgroup":
        raise ValidationException(
            "ALBRequestCountPerTarget needs a ResourceLabel of the form app/NAME/ID/targetgroup/NAME/ID, not "
            f"'{specification.get('ResourceLabel', '')}'."
        )
    return {"TargetGroup": "/".join(parts[3:])}


def _customized(specification: Params) -> TrackedMetric:
    if specification.get("Metrics"):
        raise ValidationException("This local AWS tracks one metric, not metric math (Metrics).")
    missing = [name for name in ("MetricName", "Namespace", "Statistic") if not specification.get(name)]
    if missing:
        raise ValidationException(f"CustomizedMetricSpecification needs {', '.join(missing)}.")
    return TrackedMetric(
        namespace=specification["Namespace"],
        name=specification["MetricName"],
        dimensions={dimension["Name"]: dimension["Value"] for dimension in specification.get("Dimensions", ())},
        statistic=specification["Statistic"],
        unit=specification.get("Unit"),
    )
