"""The kinds of things that the stacks make, or that AWS makes for them, and that can be left."""

from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from cli.leftovers.listing import Listing, carried_tags

_Tags = Iterable[Mapping[str, str]]


def _sagemaker_tags(arn: str) -> Any:
    def read(client: Any, found: Any) -> _Tags:
        return [
            tag for page in client.get_paginator("list_tags").paginate(ResourceArn=found[arn]) for tag in page["Tags"]
        ]

    return read


def _load_balancer_tags(client: Any, found: Any) -> _Tags:
    (described,) = client.describe_tags(ResourceArns=[found["LoadBalancerArn"]])["TagDescriptions"]
    tags: _Tags = described["Tags"]
    return tags


def _bucket_tags(client: Any, found: Any) -> _Tags:
    try:
        tags: _Tags = client.get_bucket_tagging(Bucket=found["Name"])["TagSet"]
    except ClientError:
        # Without tags S3 answers an error, and so does it for a bucket that this caller may not look into.
        return ()
    return tags


def _key_tags(client: Any, found: Any) -> _Tags:
    try:
        return [
            tag
            for page in client.get_paginator("list_resource_tags").paginate(KeyId=found["KeyId"])
            for tag in page["Tags"]
        ]
    except ClientError:
        # The policy of another team's key, or of AWS's own, need not let this caller read them.
        return ()


LISTINGS = (
    Listing(
        kind="component",
        type="AWS::SageMaker::InferenceComponent",
        service="sagemaker",
        operation="list_inference_components",
        key="InferenceComponents",
        name="InferenceComponentName",
        belongs_by=("EndpointName",),
        remove="aws sagemaker delete-inference-component --inference-component-name {name}",
    ),
    Listing(
        kind="endpoint",
        type="AWS::SageMaker::Endpoint",
        service="sagemaker",
        operation="list_endpoints",
        key="Endpoints",
        name="EndpointName",
        read_tags=_sagemaker_tags("EndpointArn"),
        remove="aws sagemaker delete-endpoint --endpoint-name {name}",
    ),
    Listing(
        kind="endpoint configuration",
        type="AWS::SageMaker::EndpointConfig",
        service="sagemaker",
        operation="list_endpoint_configs",
        key="EndpointConfigs",
        name="EndpointConfigName",
        read_tags=_sagemaker_tags("EndpointConfigArn"),
        remove="aws sagemaker delete-endpoint-config --endpoint-config-name {name}",
    ),
    Listing(
        kind="model",
        type="AWS::SageMaker::Model",
        service="sagemaker",
        operation="list_models",
        key="Models",
        name="ModelName",
        read_tags=_sagemaker_tags("ModelArn"),
        remove="aws sagemaker delete-model --model-name {name}",
    ),
    *(
        Listing(
            kind="scalable target",
            type="AWS::ApplicationAutoScaling::ScalableTarget",
            service="application-autoscaling",
            operation="describe_scalable_targets",
            key="ScalableTargets",
            name="ResourceId",
            arguments={"ServiceNamespace": namespace},
            remove=f"aws application-autoscaling deregister-scalable-target --service-namespace {namespace} "
            f"--resource-id {{name}} --scalable-dimension {dimension}",
        )
        for namespace, dimension in (
            ("sagemaker", "sagemaker:inference-component:DesiredCopyCount"),
            ("ecs", "ecs:service:DesiredCount"),
        )
    ),
    Listing(
        kind="scaling policy",
        type="AWS::ApplicationAutoScaling::ScalingPolicy",
        service="application-autoscaling",
        operation="describe_scaling_policies",
        key="ScalingPolicies",
        name="PolicyName",
        id="PolicyARN",
        arguments={"ServiceNamespace": "sagemaker"},
        belongs_by=("ResourceId",),
        remove="aws application-autoscaling delete-scaling-policy --service-namespace sagemaker --policy-name {name} "
        "--resource-id {ResourceId} --scalable-dimension {ScalableDimension}",
    ),
    Listing(
        kind="alarm",
        type="AWS::CloudWatch::Alarm",
        service="cloudwatch",
        operation="describe_alarms",
        key="MetricAlarms",
        name="AlarmName",
        remove="aws cloudwatch delete-alarms --alarm-names {name}",
    ),
    Listing(
        kind="dashboard",
        type="AWS::CloudWatch::Dashboard",
        service="cloudwatch",
        operation="list_dashboards",
        key="DashboardEntries",
        name="DashboardName",
        remove="aws cloudwatch delete-dashboards --dashboard-names {name}",
    ),
    Listing(
        kind="parameter",
        type="AWS::SSM::Parameter",
        service="ssm",
        operation="describe_parameters",
        key="Parameters",
        name="Name",
        remove="aws ssm delete-parameter --name {name}",
    ),
    Listing(
        kind="log group",
        type="AWS::Logs::LogGroup",
        service="logs",
        operation="describe_log_groups",
        key="logGroups",
        name="logGroupName",
        remove="aws logs delete-log-group --log-group-name {name}",
        stays=True,
    ),
    Listing(
        kind="bucket",
        type="AWS::S3::Bucket",
        service="s3",
        operation="list_buckets",
        key="Buckets",
        name="Name",
        read_tags=_bucket_tags,
        remove="aws s3 rb s3://{name} --force",
    ),
    Listing(
        kind="secret",
        type="AWS::SecretsManager::Secret",
        service="secretsmanager",
        operation="list_secrets",
        key="SecretList",
        name="Name",
        id="ARN",
        arguments={"IncludePlannedDeletion": True},
        read_tags=carried_tags,
        remove="aws secretsmanager delete-secret --force-delete-without-recovery --secret-id {name}",
    ),
    Listing(
        kind="KMS key",
        type="AWS::KMS::Key",
        service="kms",
        operation="list_keys",
        key="Keys",
        name="KeyId",
        read_tags=_key_tags,
        remove="aws kms schedule-key-deletion --pending-window-in-days 7 --key-id {name}",
    ),
    Listing(
        kind="load balancer",
        type="AWS::ElasticLoadBalancingV2::LoadBalancer",
        service="elbv2",
        operation="describe_load_balancers",
        key="LoadBalancers",
        name="LoadBalancerName",
        id="LoadBalancerArn",
        read_tags=_load_balancer_tags,
        remove="aws elbv2 delete-load-balancer --load-balancer-arn {LoadBalancerArn}",
    ),
    Listing(
        kind="VPC endpoint",
        type="AWS::EC2::VPCEndpoint",
        service="ec2",
        operation="describe_vpc_endpoints",
        key="VpcEndpoints",
        name="VpcEndpointId",
        read_tags=carried_tags,
        counts=lambda found: found["State"].lower() not in ("deleting", "deleted"),
        remove="aws ec2 delete-vpc-endpoints --vpc-endpoint-ids {name}",
    ),
    Listing(
        kind="NAT gateway",
        type="AWS::EC2::NatGateway",
        service="ec2",
        operation="describe_nat_gateways",
        key="NatGateways",
        name="NatGatewayId",
        read_tags=carried_tags,
        counts=lambda found: found["State"] not in ("deleting", "deleted"),
        remove="aws ec2 delete-nat-gateway --nat-gateway-id {name}",
    ),
)

CLUSTERS = Listing(
    kind="ECS cluster",
    type="AWS::ECS::Cluster",
    service="ecs",
    operation="list_clusters",
    key="clusterArns",
    name=None,
    remove="aws ecs delete-cluster --cluster {name}",
)
