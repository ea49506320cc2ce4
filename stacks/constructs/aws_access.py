"""The ways from a network without internet to the few AWS services that the service calls."""

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

# The registry (its layers come from S3), the log, the model, the Parameter Store and the keys, as CDK names them. The
# model's control plane is among them because the service's readiness asks whether the endpoint is in service.
_SERVICES = ("ECR", "ECR_DOCKER", "CLOUDWATCH_LOGS", "SAGEMAKER_API", "SAGEMAKER_RUNTIME", "SECRETS_MANAGER", "SSM")


class AwsAccess(Construct):
    """VPC endpoints: a gateway to S3 and an interface for each other service.

    Through the gateway one bucket is reached, and the registry's; what is here cannot be carried to anybody else's.

    Args:
        scope: the parent.
        construct_id: the id below it.
        vpc: the network.
        subnets: from which of its subnets.
        group: the security group of the interfaces.
        bucket_arn: the bucket.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        group: ec2.ISecurityGroup,
        bucket_arn: str,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        gateway = ec2.GatewayVpcEndpoint(
            self, "S3", vpc=vpc, service=ec2.GatewayVpcEndpointAwsService.S3, subnets=[subnets]
        )
        # https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-minimum-s3-perms
        layers = f"arn:{stack.partition}:s3:::prod-{stack.region}-starport-layer-bucket/*"
        for actions, resources in ((["s3:GetObject"], [layers]), (["s3:*"], [bucket_arn, f"{bucket_arn}/*"])):
            gateway.add_to_policy(
                iam.PolicyStatement(principals=[iam.AnyPrincipal()], actions=actions, resources=resources)
            )
        for name in _SERVICES:
            ec2.InterfaceVpcEndpoint(
                self,
                name.title().replace("_", ""),
                vpc=vpc,
                service=getattr(ec2.InterfaceVpcEndpointAwsService, name),
                subnets=subnets,
                security_groups=[group],
                open=False,
            )
