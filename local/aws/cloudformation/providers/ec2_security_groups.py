"""AWS::EC2::SecurityGroup with its rules, AWS::EC2::SecurityGroupIngress and AWS::EC2::SecurityGroupEgress."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import given, properties
from local.aws.cloudformation.providers.ec2_provider import Ec2Provider, set_tags

_ALL_OUT = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
_RULE = "CidrIp CidrIpv6 Description FromPort IpProtocol ToPort"


class SecurityGroupProvider(Ec2Provider):
    """Groups; the rules that the template lists inside one are its own."""

    handled = properties("GroupDescription GroupName SecurityGroupEgress SecurityGroupIngress Tags VpcId")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the group."""
        group_id = client.create_security_group(
            GroupName=request.properties.get("GroupName", request.generated_name),
            Description=request.properties["GroupDescription"],
            **given(request.properties, "VpcId"),
        )["GroupId"]
        attributes = {"GroupId": group_id, "Id": group_id, **given(request.properties, "VpcId")}
        return ProvisionedResource(physical_id=group_id, attributes=attributes)

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Exchange its rules and tags. A group without rules out lets everything out, as a new one does."""
        group_id, wanted = resource.physical_id, request.properties
        for kind, default in (("ingress", []), ("egress", [_ALL_OUT])):
            name = f"SecurityGroup{kind.capitalize()}"
            old = _distinct(before.get(name, default) if before else default)
            new = _distinct(wanted.get(name, default))
            if gone := [_permission(rule) for rule in old if rule not in new]:
                getattr(client, f"revoke_security_group_{kind}")(GroupId=group_id, IpPermissions=gone)
            if added := [_permission(rule) for rule in new if rule not in old]:
                getattr(client, f"authorize_security_group_{kind}")(GroupId=group_id, IpPermissions=added)
        set_tags(client, group_id, before, wanted)
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the group."""
        client.delete_security_group(GroupId=resource.physical_id)


class _RuleProvider(Ec2Provider):
    """A rule of a group that is a resource of its own."""

    kind: ClassVar[str]

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Add the rule to its group."""
        group_id = request.properties["GroupId"]
        made = getattr(client, f"authorize_security_group_{self.kind}")(
            GroupId=group_id, IpPermissions=[_permission(request.properties)]
        )
        rule_ids = [rule["SecurityGroupRuleId"] for rule in made.get("SecurityGroupRules", [])]
        rule_id = rule_ids[0] if rule_ids else request.generated_name
        return ProvisionedResource(physical_id=rule_id, attributes={"Id": rule_id})

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Exchange the rule: of what can change in place, its description."""
        if before:
            revoke, authorize = (
                getattr(client, f"{verb}_security_group_{self.kind}") for verb in ("revoke", "authorize")
            )
            revoke(GroupId=before["GroupId"], IpPermissions=[_permission(before)])
            authorize(GroupId=request.properties["GroupId"], IpPermissions=[_permission(request.properties)])
        return resource

    def remove(self, client: Any, request: ResourceRequest, _resource: ProvisionedResource, /) -> None:
        """Take the rule out of its group."""
        getattr(client, f"revoke_security_group_{self.kind}")(
            GroupId=request.properties["GroupId"], IpPermissions=[_permission(request.properties)]
        )


class SecurityGroupIngressProvider(_RuleProvider):
    """Rules for what may come in."""

    kind = "ingress"
    handled = properties("GroupId SourcePrefixListId SourceSecurityGroupId SourceSecurityGroupOwnerId", _RULE)


class SecurityGroupEgressProvider(_RuleProvider):
    """Rules for what may go out."""

    kind = "egress"
    handled = properties("DestinationPrefixListId DestinationSecurityGroupId GroupId", _RULE)


def _distinct(rules: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [rule for index, rule in enumerate(rules) if rule not in rules[:index]]


def _permission(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule of a template as one ``IpPermission`` of the API."""
    permission: dict[str, Any] = {"IpProtocol": str(rule["IpProtocol"]), **given(rule, "FromPort", "ToPort")}
    said = given(rule, "Description")
    if "CidrIp" in rule:
        permission["IpRanges"] = [{"CidrIp": rule["CidrIp"], **said}]
    if "CidrIpv6" in rule:
        permission["Ipv6Ranges"] = [{"CidrIpv6": rule["CidrIpv6"], **said}]
    group = rule.get("SourceSecurityGroupId") or rule.get("DestinationSecurityGroupId")
    if group is not None:
        permission["UserIdGroupPairs"] = [
            {"GroupId": group, **given(rule, UserId="SourceSecurityGroupOwnerId"), **said}
        ]
    prefix_list = rule.get("SourcePrefixListId") or rule.get("DestinationPrefixListId")
    if prefix_list is not None:
        permission["PrefixListIds"] = [{"PrefixListId": prefix_list, **said}]
    return permission
