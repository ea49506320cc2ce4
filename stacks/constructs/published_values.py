"""Values that others read: as outputs of the stack and, the same, as parameters under one path."""

from collections.abc import Mapping

from aws_cdk import CfnOutput
from aws_cdk import aws_ssm as ssm
from constructs import Construct


class PublishedValues(Construct):
    """One output and one String parameter for every value.

    An output is read by whoever deploys; a parameter by whoever may not see the stack. Both come from one mapping, so
    they cannot differ.

    Args:
        scope: the parent.
        construct_id: the id below it.
        path: the parameters' path, as `/llm-twin/dev`.
        values: what is published, by its key: the output's name and the last part of the parameter's.
    """

    def __init__(self, scope: Construct, construct_id: str, *, path: str, values: Mapping[str, str]) -> None:
        super().__init__(scope, construct_id)
        for key, value in values.items():
            # Without this the output's name would hold the path of the construct.
            CfnOutput(self, key, value=value).override_logical_id(key)
            ssm.CfnParameter(self, f"{key}Parameter", name=f"{path}/{key}", type="String", value=value)
