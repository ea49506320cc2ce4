"""The right to invoke one endpoint, for whoever is given it."""

from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct


class CallerPolicy(Construct):
    """A managed policy that names exactly this endpoint and its components, to be attached to the role of a caller.

    It stands beside the endpoint and not in the caller's stack, because the endpoint's name carries the replacement
    key. When that changes, CloudFormation makes the new endpoint, turns the published parameters and then this policy
    to it, and deletes the old one: callers go over to it without a deployment of their own. Had the caller's stack
    imported the ARNs, CloudFormation would refuse to replace the endpoint as long as the import stood; had it copied
    them, the caller would be locked out until it was deployed again.

    An attached policy cannot be deleted: an endpoint outlives its callers, unless they let go of it.

    Args:
        scope: the parent.
        construct_id: the id below it.
        name: the policy's name, by which callers attach it.
        endpoint: what may be invoked and looked at.
        components: the same, on that endpoint.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        endpoint: sagemaker.CfnEndpoint,
        components: Sequence[sagemaker.CfnInferenceComponent],
    ) -> None:
        super().__init__(scope, construct_id)
        statements = [
            # A call that names a component is checked against both. Describing, by which a caller can tell whether they
            # are in service, is in the same statement: IAM limits a policy's length, and so each is named once.
            iam.PolicyStatement(
                actions=[
                    "sagemaker:InvokeEndpoint",
                    "sagemaker:InvokeEndpointWithResponseStream",
                    "sagemaker:DescribeInferenceComponent",
                ],
                resources=[endpoint.ref, *(component.ref for component in components)],
            ),
            iam.PolicyStatement(actions=["sagemaker:DescribeEndpoint"], resources=[endpoint.ref]),
        ]
        # The description can never change: that would replace the policy, and its name is taken.
        iam.ManagedPolicy(
            self,
            "Policy",
            managed_policy_name=name,
            description="Invoke one SageMaker endpoint and its inference component",
            statements=statements,
        )
