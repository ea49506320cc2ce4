"""Where the service's output goes."""

from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.acknowledgement import acknowledge


class ServiceLog(Construct):
    """A log group that forgets after a time.

    Args:
        scope: the parent.
        construct_id: the id below it.
        retention_days: after how many days.
        keep: whether the group stays when the stack is deleted.
        key: what encrypts it; None for keys that CloudWatch Logs manages.

    Attributes:
        group: the log group.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, retention_days: int, keep: bool, key: kms.IKey | None
    ) -> None:
        super().__init__(scope, construct_id)
        self.group = logs.LogGroup(
            self, "Group", encryption_key=key, removal_policy=RemovalPolicy.RETAIN if keep else RemovalPolicy.DESTROY
        )
        # The construct takes names of periods; CloudFormation takes their days, and so do the settings.
        cast(logs.CfnLogGroup, self.group.node.default_child).retention_in_days = retention_days
        if key is None:
            acknowledge(
                self.group,
                "CKV_AWS_158",
                reason="CloudWatch Logs encrypts it with a key of its own. It holds who asked, when and for how long, "
                "no question, no answer and no API key.",
            )
