"""How many copies a component has: by the requests in flight, down to none and up again from none."""

from collections.abc import Mapping

from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from model.adapter import S3Adapter
from stacks.office_hours import OfficeHours

# Where the predefined metric's name comes from, and the alarm on copies that are missing:
# https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html
_CONCURRENCY_METRIC = "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution"
_WAKE_COOLDOWN_S = 60
_ALARM_PERIOD_S = 30


class EndpointScaling(Construct):
    """Target tracking on concurrent requests per copy, and a way back from zero copies.

    Target tracking has nothing to track where there is no copy. So a request that finds none counts as a
    NoCapacityInvocationFailure, the alarm on these fires and a step policy starts the first copy.

    The target is the plain resource: CDK's own ScalableTarget adds a role that SageMaker does not use.

    Args:
        scope: the parent.
        construct_id: the id below it.
        component: what is scaled.
        component_name: its name, which target, alarm and policies are tied to.
        replacement_key: the hash that the name carries: what hangs on the component goes with it.
        min_copies: the fewest copies.
        max_copies: the most copies.
        target_concurrency: requests in flight per copy to aim at.
        scale_in_cooldown_s: the least time between two scale-ins, in seconds.
        scale_out_cooldown_s: the least time between two scale-outs, in seconds.
        office_hours: when there is a copy at least, whether anybody asks or not.
        adapters: by the names of their components, what shares the copies: a request for one wakes them too.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        component: sagemaker.CfnInferenceComponent,
        component_name: str,
        replacement_key: str,
        min_copies: int,
        max_copies: int,
        target_concurrency: int,
        scale_in_cooldown_s: int,
        scale_out_cooldown_s: int,
        office_hours: OfficeHours | None,
        adapters: Mapping[str, S3Adapter],
    ) -> None:
        super().__init__(scope, construct_id)
        target = scaling.CfnScalableTarget(
            self,
            f"Target{replacement_key}",
            service_namespace="sagemaker",
            scalable_dimension="sagemaker:inference-component:DesiredCopyCount",
            resource_id=f"inference-component/{component_name}",
            min_capacity=min_copies,
            max_capacity=max_copies,
            scheduled_actions=_keep_awake(office_hours, min_copies=min_copies) if office_hours else None,
        )
        target.add_resource_dependency(component)
        scaling.CfnScalingPolicy(
            self,
            f"Concurrency{replacement_key}",
            policy_name=f"{component_name}-concurrency",
            policy_type="TargetTrackingScaling",
            scaling_target_id=target.ref,
            target_tracking_scaling_policy_configuration=scaling.CfnScalingPolicy.TargetTrackingScalingPolicyConfigurationProperty(
                predefined_metric_specification=scaling.CfnScalingPolicy.PredefinedMetricSpecificationProperty(
                    predefined_metric_type=_CONCURRENCY_METRIC
                ),
                target_value=target_concurrency,
                scale_in_cooldown=scale_in_cooldown_s,
                scale_out_cooldown=scale_out_cooldown_s,
            ),
        )
        wake = scaling.CfnScalingPolicy(
            self,
            f"Wake{replacement_key}",
            policy_name=f"{component_name}-wake",
            policy_type="StepScaling",
            scaling_target_id=target.ref,
            step_scaling_policy_configuration=scaling.CfnScalingPolicy.StepScalingPolicyConfigurationProperty(
                adjustment_type="ChangeInCapacity",
                metric_aggregation_type="Maximum",
                cooldown=_WAKE_COOLDOWN_S,
                step_adjustments=[
                    scaling.CfnScalingPolicy.StepAdjustmentProperty(metric_interval_lower_bound=0, scaling_adjustment=1)
                ],
            ),
        )
        self._wake_for(component_name, f"NoCapacity{replacement_key}", wake=wake)
        for name, adapter in adapters.items():
            # Whether AWS counts what finds no copy of the base under the adapter's name or the base's, it does not say.
            self._wake_for(name, f"NoCapacity-{adapter.adapter_id}-{replacement_key}", wake=wake)

    def _wake_for(self, component_name: str, construct_id: str, *, wake: scaling.CfnScalingPolicy) -> None:
        cloudwatch.CfnAlarm(
            self,
            construct_id,
            alarm_description=f"A request found no copy of {component_name}: the first one is started",
            namespace="AWS/SageMaker",
            metric_name="NoCapacityInvocationFailures",
            dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name="InferenceComponentName", value=component_name)],
            statistic="Maximum",
            period=_ALARM_PERIOD_S,
            evaluation_periods=1,
            datapoints_to_alarm=1,
            threshold=1,
            comparison_operator="GreaterThanOrEqualToThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[wake.ref],
        )


def _keep_awake(
    office_hours: OfficeHours, *, min_copies: int
) -> list[scaling.CfnScalableTarget.ScheduledActionProperty]:
    """Return the two moments at which the fewest copies change; the most stay, so that who asks at night wakes it."""
    return [
        scaling.CfnScalableTarget.ScheduledActionProperty(
            scheduled_action_name=name,
            schedule=schedule,
            timezone=office_hours.timezone,
            scalable_target_action=scaling.CfnScalableTarget.ScalableTargetActionProperty(min_capacity=least),
        )
        for name, schedule, least in (
            ("opening", office_hours.opening, max(1, min_copies)),
            ("closing", office_hours.closing, min_copies),
        )
    ]
