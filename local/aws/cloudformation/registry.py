"""Which provider makes the resources of which type."""

from collections.abc import Callable, Mapping

from local.aws.api import AwsApi
from local.aws.cloudformation.moto_provider import MODELS, MotoProvider
from local.aws.cloudformation.provider import ResourceProvider
from local.aws.cloudformation.providers import (
    budgets_budget,
    cdk_custom_resources,
    cdk_metadata,
    cloudwatch,
    ec2_flow_log,
    ec2_gateways,
    ec2_routing,
    ec2_security_groups,
    ec2_vpc,
    ec2_vpc_endpoint,
    ecr_repository,
    ecs,
    elbv2,
    iam_policies,
    iam_role,
    kms,
    lambda_function,
    logs_log_group,
    logs_metric_filter,
    s3_bucket,
    s3_bucket_policy,
    secretsmanager_secret,
    sns,
    ssm_parameter,
)

_BY_API: Mapping[str, Callable[[AwsApi], ResourceProvider]] = {
    "AWS::Budgets::Budget": budgets_budget.BudgetProvider,
    "AWS::CloudWatch::Alarm": cloudwatch.AlarmProvider,
    "AWS::CloudWatch::Dashboard": cloudwatch.DashboardProvider,
    "AWS::EC2::EIP": ec2_gateways.EipProvider,
    "AWS::EC2::FlowLog": ec2_flow_log.FlowLogProvider,
    "AWS::EC2::InternetGateway": ec2_gateways.InternetGatewayProvider,
    "AWS::EC2::NatGateway": ec2_gateways.NatGatewayProvider,
    "AWS::EC2::Route": ec2_routing.RouteProvider,
    "AWS::EC2::RouteTable": ec2_routing.RouteTableProvider,
    "AWS::EC2::SecurityGroup": ec2_security_groups.SecurityGroupProvider,
    "AWS::EC2::SecurityGroupEgress": ec2_security_groups.SecurityGroupEgressProvider,
    "AWS::EC2::SecurityGroupIngress": ec2_security_groups.SecurityGroupIngressProvider,
    "AWS::EC2::Subnet": ec2_vpc.SubnetProvider,
    "AWS::EC2::SubnetRouteTableAssociation": ec2_routing.SubnetRouteTableAssociationProvider,
    "AWS::EC2::VPC": ec2_vpc.VpcProvider,
    "AWS::EC2::VPCEndpoint": ec2_vpc_endpoint.VpcEndpointProvider,
    "AWS::EC2::VPCGatewayAttachment": ec2_gateways.VpcGatewayAttachmentProvider,
    "AWS::ECR::Repository": ecr_repository.RepositoryProvider,
    "AWS::ECS::Cluster": ecs.ClusterProvider,
    "AWS::ECS::Service": ecs.ServiceProvider,
    "AWS::ECS::TaskDefinition": ecs.TaskDefinitionProvider,
    "AWS::ElasticLoadBalancingV2::Listener": elbv2.ListenerProvider,
    "AWS::ElasticLoadBalancingV2::ListenerRule": elbv2.ListenerRuleProvider,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": elbv2.LoadBalancerProvider,
    "AWS::ElasticLoadBalancingV2::TargetGroup": elbv2.TargetGroupProvider,
    "AWS::IAM::InstanceProfile": iam_policies.InstanceProfileProvider,
    "AWS::IAM::ManagedPolicy": iam_policies.ManagedPolicyProvider,
    "AWS::IAM::Policy": iam_policies.InlinePolicyProvider,
    "AWS::IAM::Role": iam_role.RoleProvider,
    "AWS::KMS::Alias": kms.AliasProvider,
    "AWS::KMS::Key": kms.KeyProvider,
    "AWS::Lambda::Function": lambda_function.FunctionProvider,
    "AWS::Logs::LogGroup": logs_log_group.LogGroupProvider,
    "AWS::Logs::MetricFilter": logs_metric_filter.MetricFilterProvider,
    "AWS::S3::Bucket": s3_bucket.BucketProvider,
    "AWS::S3::BucketPolicy": s3_bucket_policy.BucketPolicyProvider,
    "AWS::SNS::Subscription": sns.SubscriptionProvider,
    "AWS::SNS::Topic": sns.TopicProvider,
    "AWS::SNS::TopicPolicy": sns.TopicPolicyProvider,
    "AWS::SSM::Parameter": ssm_parameter.ParameterProvider,
    "AWS::SecretsManager::Secret": secretsmanager_secret.SecretProvider,
    "Custom::LogRetention": cdk_custom_resources.LogRetention,
    "Custom::S3AutoDeleteObjects": cdk_custom_resources.AutoDeleteObjects,
    "Custom::VpcRestrictDefaultSG": cdk_custom_resources.RestrictDefaultSecurityGroup,
}


def resource_providers(aws: AwsApi) -> dict[str, ResourceProvider]:
    """The providers of every type that is not made by the local AWS's own services."""
    by_moto = {type_: MotoProvider(module=module, name=name) for type_, (module, name) in MODELS.items()}
    by_api = {type_: make(aws) for type_, make in _BY_API.items()}
    return {**by_moto, **by_api, "AWS::CDK::Metadata": cdk_metadata.CdkMetadata()}
