"""When somebody has to look at an adapter that is a component of its own."""

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from stacks.constructs.announced_alarms import AnnouncedAlarms
from stacks.constructs.endpoint_metrics import EndpointMetrics


class AdapterAlarms(Construct):
    """Alarms on requests for one adapter that fail. Everything else is its base's: the copies, their memory, the queue.

    Args:
        scope: the parent.
        construct_id: the id below it.
        adapter_id: the adapter.
        base_name: the component on whose copies it answers.
        metrics: of the adapter's own component.
        topic_arn: where they are announced.

    Attributes:
        alarms: the alarms.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        adapter_id: str,
        base_name: str,
        metrics: EndpointMetrics,
        topic_arn: str,
    ) -> None:
        super().__init__(scope, construct_id)
        alarms = AnnouncedAlarms(self, topic_arn=topic_arn)
        log_group = f"/aws/sagemaker/InferenceComponents/{base_name}"
        alarms.add_failures(
            metrics,
            whose=f"requests for adapter {adapter_id}",
            server_errors_step=f"see whether requests without an adapter fail too; then read the last lines of the "
            f"base's log group, {log_group}. If it is this one alone, deploy its former archive.",
            failed_step=f"look for the adapter in the base's log group, {log_group}: a copy that could not load it "
            "says why there, as a rank or a base model other than the deployment's.",
        )
        self.alarms: list[cloudwatch.IAlarm] = alarms.made
