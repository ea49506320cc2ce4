"""AWS::ElasticLoadBalancingV2::LoadBalancer, TargetGroup, Listener and ListenerRule."""

from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import ApiProvider, as_tag_list, given, properties, tag_changes

_HEALTH = [
    "HealthCheckEnabled",
    "HealthCheckIntervalSeconds",
    "HealthCheckPath",
    "HealthCheckPort",
    "HealthCheckProtocol",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "Matcher",
    "UnhealthyThresholdCount",
]
_LISTENER = ("AlpnPolicy", "Certificates", "DefaultActions", "Port", "Protocol", "SslPolicy")


class LoadBalancerProvider(ApiProvider):
    """Load balancers."""

    service = "elbv2"
    handled = properties(
        "IpAddressType LoadBalancerAttributes Name Scheme SecurityGroups SubnetMappings Subnets Tags Type"
    )

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the load balancer."""
        made = client.create_load_balancer(
            Name=request.properties.get("Name", request.generated_name),
            **given(
                request.properties, "IpAddressType", "Scheme", "SecurityGroups", "SubnetMappings", "Subnets", "Type"
            ),
        )["LoadBalancers"][0]
        arn = made["LoadBalancerArn"]
        attributes = {
            "LoadBalancerArn": arn,
            "LoadBalancerName": made["LoadBalancerName"],
            "LoadBalancerFullName": arn.partition(":loadbalancer/")[2],
            "DNSName": made["DNSName"],
            "CanonicalHostedZoneID": made.get("CanonicalHostedZoneId", ""),
            "SecurityGroups": made.get("SecurityGroups", []),
        }
        return ProvisionedResource(physical_id=arn, attributes=attributes)

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Set its attributes, and where it stands when that changed."""
        arn, wanted = resource.physical_id, request.properties
        if attributes := wanted.get("LoadBalancerAttributes"):
            client.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=_attributes(attributes))
        if before and before.get("Subnets") != wanted.get("Subnets"):
            client.set_subnets(LoadBalancerArn=arn, Subnets=wanted["Subnets"])
        if before and before.get("SecurityGroups") != wanted.get("SecurityGroups"):
            client.set_security_groups(LoadBalancerArn=arn, SecurityGroups=wanted.get("SecurityGroups", []))
        _set_tags(client, arn, before, wanted)
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the load balancer."""
        client.delete_load_balancer(LoadBalancerArn=resource.physical_id)


class TargetGroupProvider(ApiProvider):
    """Groups of targets."""

    service = "elbv2"
    handled = properties(
        "IpAddressType Name Port Protocol ProtocolVersion Tags TargetGroupAttributes TargetType Targets VpcId", *_HEALTH
    )

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the group."""
        made = client.create_target_group(
            Name=request.properties.get("Name", request.generated_name),
            **given(
                request.properties,
                "IpAddressType",
                "Port",
                "Protocol",
                "ProtocolVersion",
                "TargetType",
                "VpcId",
                *_HEALTH,
            ),
        )["TargetGroups"][0]
        arn = made["TargetGroupArn"]
        attributes = {
            "TargetGroupArn": arn,
            "TargetGroupName": made["TargetGroupName"],
            "TargetGroupFullName": arn.rpartition(":")[2],
            "LoadBalancerArns": [],
        }
        return ProvisionedResource(physical_id=arn, attributes=attributes)

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Set health check, attributes, targets and tags."""
        arn, wanted = resource.physical_id, request.properties
        health = given(wanted, *_HEALTH)
        if before and health:
            client.modify_target_group(TargetGroupArn=arn, **health)
        if attributes := wanted.get("TargetGroupAttributes"):
            client.modify_target_group_attributes(TargetGroupArn=arn, Attributes=_attributes(attributes))
        old, new = before.get("Targets", []), wanted.get("Targets", [])
        if gone := [target for target in old if target not in new]:
            client.deregister_targets(TargetGroupArn=arn, Targets=gone)
        if added := [target for target in new if target not in old]:
            client.register_targets(TargetGroupArn=arn, Targets=added)
        _set_tags(client, arn, before, wanted)
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the group."""
        client.delete_target_group(TargetGroupArn=resource.physical_id)


class ListenerProvider(ApiProvider):
    """Listeners."""

    service = "elbv2"
    handled = properties("ListenerAttributes LoadBalancerArn Tags", *_LISTENER)

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the listener."""
        wanted = given(request.properties, "LoadBalancerArn", "Tags", *_LISTENER)
        made = client.create_listener(**wanted)["Listeners"][0]
        return ProvisionedResource(physical_id=made["ListenerArn"], attributes={"ListenerArn": made["ListenerArn"]})

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Change the listener."""
        if before:
            client.modify_listener(ListenerArn=resource.physical_id, **given(request.properties, *_LISTENER))
        if attributes := request.properties.get("ListenerAttributes"):
            client.modify_listener_attributes(ListenerArn=resource.physical_id, Attributes=_attributes(attributes))
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the listener."""
        client.delete_listener(ListenerArn=resource.physical_id)


class ListenerRuleProvider(ApiProvider):
    """Rules of listeners."""

    service = "elbv2"
    handled = properties("Actions Conditions ListenerArn Priority")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the rule."""
        made = client.create_rule(**given(request.properties, "Actions", "Conditions", "ListenerArn", "Priority"))[
            "Rules"
        ][0]
        attributes = {"RuleArn": made["RuleArn"], "IsDefault": False}
        return ProvisionedResource(physical_id=made["RuleArn"], attributes=attributes)

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Change the rule, and its place among the others."""
        arn, wanted = resource.physical_id, request.properties
        if before:
            client.modify_rule(RuleArn=arn, **given(wanted, "Actions", "Conditions"))
        if before and before.get("Priority") != wanted["Priority"]:
            client.set_rule_priorities(RulePriorities=[{"RuleArn": arn, "Priority": wanted["Priority"]}])
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the rule."""
        client.delete_rule(RuleArn=resource.physical_id)


def _attributes(attributes: list[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [{"Key": attribute["Key"], "Value": attribute["Value"]} for attribute in attributes]


def _set_tags(client: Any, arn: str, before: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    added, removed = tag_changes(before.get("Tags"), wanted.get("Tags"))
    if added:
        client.add_tags(ResourceArns=[arn], Tags=as_tag_list(added))
    if removed:
        client.remove_tags(ResourceArns=[arn], TagKeys=removed)
