"""Alarms that somebody is told of, and those on failing requests, which are the same for every component."""

from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from stacks.constructs.endpoint_metrics import EndpointMetrics

PERIOD_S = 300
AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
_QUIET = cloudwatch.TreatMissingData.NOT_BREACHING
_SERVER_ERRORS = 5
_FAILED_PERCENT = 5


class AnnouncedAlarms:
    """Makes alarms below one construct, each announced on one topic when it begins and when it ends.

    Args:
        scope: the construct.
        topic_arn: where they are announced.

    Attributes:
        made: the alarms, in the order in which they were added.
    """

    def __init__(self, scope: Construct, *, topic_arn: str) -> None:
        self._scope = scope
        self._topic_arn = topic_arn
        self.made: list[cloudwatch.IAlarm] = []

    def add(
        self,
        construct_id: str,
        metric: cloudwatch.IMetric,
        *,
        description: str,
        threshold: float,
        operator: cloudwatch.ComparisonOperator,
        periods: int,
        missing: cloudwatch.TreatMissingData = _QUIET,
    ) -> None:
        """Make one that fires when all of some periods are past a threshold.

        Args:
            construct_id: its id below the construct.
            metric: what it watches.
            description: why it fires, and the first step to take.
            threshold: what is compared with.
            operator: how.
            periods: how many.
            missing: what a period without any value is.
        """
        alarm = cloudwatch.Alarm(
            self._scope,
            construct_id,
            metric=metric,
            alarm_description=description,
            threshold=threshold,
            comparison_operator=operator,
            evaluation_periods=periods,
            datapoints_to_alarm=periods,
            treat_missing_data=missing,
        )
        # An action of CDK's own would do the same and load the modules of all the actions there are, for a second.
        resource = cast(cloudwatch.CfnAlarm, alarm.node.default_child)
        resource.alarm_actions = resource.ok_actions = [self._topic_arn]
        self.made.append(alarm)

    def add_failures(self, metrics: EndpointMetrics, *, whose: str, server_errors_step: str, failed_step: str) -> None:
        """Make the two on requests that fail: some with status 5xx, or a share of them in whatever way.

        Args:
            metrics: of the component.
            whose: whose they are, as `requests for adapter ada`.
            server_errors_step: the first step where the container fails.
            failed_step: the first step where answers are not valid.
        """
        self.add(
            "ServerErrors",
            metrics.requests("Invocation5XXErrors", statistic="Sum"),
            description=f"The container failed {_SERVER_ERRORS} {whose} or more within 5 minutes (status 5xx). "
            f"First step: {server_errors_step}",
            threshold=_SERVER_ERRORS,
            operator=AT_LEAST,
            periods=1,
        )
        self.add(
            "FailedAnswers",
            cloudwatch.MathExpression(
                expression="IF(requests > 0, 100 * failed / requests, 0)",
                using_metrics={
                    "failed": metrics.requests("InvocationModelErrors", statistic="Sum", label="failed"),
                    "requests": metrics.requests("Invocations", statistic="Sum", label="requests"),
                },
                label="failed requests in percent",
                period=Duration.seconds(PERIOD_S),
            ),
            description=f"For 15 minutes more than {_FAILED_PERCENT}% of the {whose} had no valid answer: refused by "
            "the container (4xx: prompts that are too long, 429 when it is full), broken off, or timed out. "
            f"First step: {failed_step}",
            threshold=_FAILED_PERCENT,
            operator=ABOVE,
            periods=3,
        )
