"""Prices resources by their type; of a type that nothing is known about, it says so."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.costs.cost import Cost
from cli.costs.endpoints import price_component, price_endpoint
from cli.costs.resource import Resource
from cli.costs.standing import (
    price_address,
    price_alarm,
    price_dashboard,
    price_key,
    price_load_balancer,
    price_nat_gateway,
    price_secret,
    price_tasks,
    price_vpc_endpoint,
)

if TYPE_CHECKING:
    from boto3 import Session

_READERS: Mapping[str, Callable[["Session", Resource], Cost]] = MappingProxyType(
    {
        "AWS::SageMaker::Endpoint": price_endpoint,
        "AWS::SageMaker::InferenceComponent": price_component,
        "AWS::ECS::Service": price_tasks,
        "AWS::ElasticLoadBalancingV2::LoadBalancer": price_load_balancer,
        "AWS::EC2::VPCEndpoint": price_vpc_endpoint,
        "AWS::EC2::NatGateway": price_nat_gateway,
        "AWS::EC2::EIP": price_address,
        "AWS::KMS::Key": price_key,
        "AWS::SecretsManager::Secret": price_secret,
        "AWS::CloudWatch::Dashboard": price_dashboard,
        "AWS::CloudWatch::Alarm": price_alarm,
    }
)

# What is billed by use only, and for what.
_BY_USE: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "AWS::S3::Bucket": ("bucket", "storage, requests"),
        "AWS::Logs::LogGroup": ("log group", "lines taken in, storage"),
        "AWS::SNS::Topic": ("topic", "messages"),
        "AWS::Lambda::Function": ("function", "calls"),
        "AWS::ECR::Repository": ("repository", "storage"),
    }
)

_FREE_SERVICES = ("AWS::IAM::", "AWS::ApplicationAutoScaling::", "AWS::Budgets::", "AWS::CDK::", "Custom::")
_FREE = frozenset(
    {
        "AWS::EC2::InternetGateway",
        "AWS::EC2::Route",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::Subnet",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCGatewayAttachment",
        "AWS::ECS::Cluster",
        "AWS::ECS::TaskDefinition",
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "AWS::KMS::Alias",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::TopicPolicy",
        # Parameters of the standard tier, which are all that the stacks make.
        "AWS::SSM::Parameter",
        "AWS::SageMaker::EndpointConfig",
        "AWS::SageMaker::Model",
    }
)
_POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"


def price(session: "Session", resources: Iterable[Resource]) -> list[Cost]:
    """What resources cost, in their order; what is free is left out.

    Target tracking makes alarms of its own, which no stack lists: they come behind their policy.
    """
    priced = [
        price_one(session, each) for resource in resources for each in (resource, *_list_alarms(session, resource))
    ]
    return [cost for cost in priced if cost is not None]


def price_one(session: "Session", resource: Resource) -> Cost | None:
    """What one resource costs; None where it is free."""
    return None if _is_free(resource.type) else _price(session, resource)


def _is_free(type_: str) -> bool:
    return type_ in _FREE or type_.startswith(_FREE_SERVICES)


def _price(session: "Session", resource: Resource) -> Cost:
    if resource.type in _BY_USE:
        what, by_use = _BY_USE[resource.type]
        return Cost(resource=resource, what=what, usd_per_hour=0.0, by_use=by_use)
    reader = _READERS.get(resource.type)
    if reader is None:
        return Cost(
            resource=resource, what=resource.type, detail="whether it costs anything is not known", usd_per_hour=None
        )
    try:
        return reader(session, resource)
    except ClientError as error:
        # Not allowed to this caller, or deleted behind the stack's back: the rest is still reckoned.
        reason = error.response.get("Error", {}).get("Message", str(error))
        return Cost(resource=resource, what=resource.type, detail=f"not read: {reason}", usd_per_hour=None)
    except IndexError:
        return Cost(resource=resource, what=resource.type, detail="not read: AWS lists none", usd_per_hour=None)


def _list_alarms(session: "Session", resource: Resource) -> list[Resource]:
    """The alarms that a target tracking policy made for itself; a step policy has an alarm of a template's."""
    if resource.type != _POLICY:
        return []
    # arn:aws:autoscaling:REGION:ACCOUNT:scalingPolicy:ID:resource/NAMESPACE/RESOURCE:policyName/NAME
    namespace, _, resource_id = resource.physical_id.partition(":resource/")[2].partition(":")[0].partition("/")
    client: Any = session.client("application-autoscaling")
    policies = client.describe_scaling_policies(ServiceNamespace=namespace, ResourceId=resource_id)["ScalingPolicies"]
    return [
        Resource(type="AWS::CloudWatch::Alarm", physical_id=alarm["AlarmName"], stack=resource.stack)
        for policy in policies
        if policy["PolicyARN"] == resource.physical_id and policy["PolicyType"] == "TargetTrackingScaling"
        for alarm in policy.get("Alarms", [])
    ]
