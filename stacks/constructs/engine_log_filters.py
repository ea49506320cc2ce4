"""The filters that read an engine's metrics from a component's log."""

from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.constructs.engine_metrics import EngineMetrics


class EngineLogFilters(Construct):
    """One filter for each metric. The log group must be there: CloudFormation does not wait for SageMaker to make it.

    Args:
        scope: the parent.
        construct_id: the id below it.
        log_group_name: the component's log.
        metrics: what is read.
    """

    def __init__(self, scope: Construct, construct_id: str, *, log_group_name: str, metrics: EngineMetrics) -> None:
        super().__init__(scope, construct_id)
        for logged in metrics.logged:
            logs.CfnMetricFilter(
                self,
                logged.name,
                log_group_name=log_group_name,
                filter_pattern=logged.pattern,
                metric_transformations=[
                    logs.CfnMetricFilter.MetricTransformationProperty(
                        metric_namespace=metrics.namespace,
                        metric_name=logged.name,
                        metric_value=logged.value,
                        default_value=0 if logged.is_count else None,
                    )
                ],
            )
