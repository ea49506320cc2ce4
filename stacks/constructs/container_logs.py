"""How long the logs of an endpoint's containers are kept."""

from collections.abc import Mapping
from typing import cast

from aws_cdk import Aws, CfnResource, Stack
from aws_cdk import aws_logs as logs
from constructs import Construct, IConstruct

from stacks.acknowledgement import acknowledge


class ContainerLogs(Construct):
    """Retention of the log groups that SageMaker makes when it starts an endpoint and a component.

    SageMaker makes them and keeps them for ever, and CloudFormation cannot adopt a group that is there. So a function
    of CDK's own sets the retention. A group that the stack made would go with it, and with it the last words of a
    container that never started.

    Args:
        scope: the parent.
        construct_id: the id below it.
        endpoint_name: the endpoint.
        component_name: the component.
        beside: the components of further models, by the ids of their parts here.
        retention_days: for how many days.

    Attributes:
        component_log_group_name: the log of the component's copies. Who depends on this construct finds it made.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        endpoint_name: str,
        component_name: str,
        beside: Mapping[str, str],
        retention_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self.component_log_group_name = log_group_of(component_name)
        # https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
        for part, group in (
            ("Endpoint", f"/aws/sagemaker/Endpoints/{endpoint_name}"),
            ("Component", self.component_log_group_name),
            *((f"Beside-{part}", log_group_of(name)) for part, name in beside.items()),
        ):
            retention = logs.LogRetention(self, part, log_group_name=group, retention=logs.RetentionDays.ONE_MONTH)
            # The construct takes names of periods; the resource takes their days, and so do the settings.
            resource = cast(CfnResource, retention.node.default_child)
            resource.add_property_override("RetentionInDays", retention_days)
        # One function for all groups of a stack, which CDK puts beside this construct.
        for sibling in Stack.of(self).node.children:
            if sibling.node.id.startswith("LogRetention"):
                _acknowledge_function(sibling)


def log_group_of(component_name: str) -> str:
    """Return where SageMaker writes what a component's copies print."""
    return f"/aws/sagemaker/InferenceComponents/{component_name}"


def _acknowledge_function(function: IConstruct) -> None:
    basic_role = f"arn:{Aws.PARTITION}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    acknowledge(
        function,
        f"AwsSolutions-IAM4[Policy::{basic_role}]",
        reason="CDK's own function; the managed policy lets it write its log and make a group, nothing else.",
    )
    reason = "CDK's own function; it may set and delete retentions, and reads or deletes no log."
    acknowledge(function, "AwsSolutions-IAM5[Resource::*]", reason=reason)
    # By the names that CDK gives its parts: where they were others, a synth would say so.
    acknowledge(function.node.find_child("ServiceRole").node.find_child("DefaultPolicy"), "CKV_AWS_111", reason=reason)
    acknowledge(
        function.node.find_child("Resource"),
        "CKV_AWS_115",
        "CKV_AWS_116",
        "CKV_AWS_117",
        reason="CDK's own function, which CloudFormation runs twice a deployment, at most: it needs no share of the "
        "account's concurrency, CloudFormation is told of its failures, and the one API that it calls is public.",
    )
