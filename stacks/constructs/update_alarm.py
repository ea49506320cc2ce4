"""What takes an update back that comes up and then fails."""

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

_PERIOD_S = 60
_SERVER_ERRORS = 3


class UpdateAlarm(Construct):
    """An alarm on requests that a container failed, which SageMaker watches while it rolls an update out.

    A copy that does not come up ends an update by itself. This is for one that answers /ping and not its requests. It
    counts old copies and new ones together, as CloudWatch does; it tells nobody, which is the MonitoringStack's part.

    Args:
        scope: the parent.
        construct_id: the id below it.
        component_name: what is watched.
        replacement_key: the hash that the name carries: what watches the component goes with it.

    Attributes:
        alarm_name: its name.
    """

    def __init__(self, scope: Construct, construct_id: str, *, component_name: str, replacement_key: str) -> None:
        super().__init__(scope, construct_id)
        alarm = cloudwatch.CfnAlarm(
            self,
            f"ServerErrors{replacement_key}",
            alarm_description=f"{component_name} failed {_SERVER_ERRORS} requests or more within a minute (5xx): an "
            "update that is being rolled out is rolled back",
            namespace="AWS/SageMaker",
            metric_name="Invocation5XXErrors",
            dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name="InferenceComponentName", value=component_name)],
            statistic="Sum",
            period=_PERIOD_S,
            evaluation_periods=1,
            datapoints_to_alarm=1,
            threshold=_SERVER_ERRORS,
            comparison_operator="GreaterThanOrEqualToThreshold",
            treat_missing_data="notBreaching",
        )
        self.alarm_name = alarm.ref
