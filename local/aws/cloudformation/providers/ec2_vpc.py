"""AWS::EC2::VPC and AWS::EC2::Subnet."""

from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import given, properties
from local.aws.cloudformation.providers.ec2_provider import Ec2Provider, set_tags


class VpcProvider(Ec2Provider):
    """Networks."""

    handled = properties("CidrBlock EnableDnsHostnames EnableDnsSupport InstanceTenancy Tags")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the network; its default group, routes and access list come with it."""
        vpc_id = client.create_vpc(**given(request.properties, "CidrBlock", "InstanceTenancy"))["Vpc"]["VpcId"]
        of_vpc = [{"Name": "vpc-id", "Values": [vpc_id]}]
        groups = client.describe_security_groups(Filters=[*of_vpc, {"Name": "group-name", "Values": ["default"]}])
        lists = client.describe_network_acls(Filters=[*of_vpc, {"Name": "default", "Values": ["true"]}])
        attributes = {
            "VpcId": vpc_id,
            "DefaultSecurityGroup": groups["SecurityGroups"][0]["GroupId"],
            "DefaultNetworkAcl": lists["NetworkAcls"][0]["NetworkAclId"],
            "CidrBlockAssociations": [
                association["AssociationId"]
                for association in client.describe_vpcs(VpcIds=[vpc_id])["Vpcs"][0]["CidrBlockAssociationSet"]
            ],
            "Ipv6CidrBlocks": [],
        }
        return ProvisionedResource(physical_id=vpc_id, attributes=attributes)

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Set its DNS switches and tags."""
        for name, default in (("EnableDnsSupport", True), ("EnableDnsHostnames", False)):
            value = bool(request.properties.get(name, default))
            client.modify_vpc_attribute(VpcId=resource.physical_id, **{name: {"Value": value}})
        return super().configure(client, request, resource, before)

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the network."""
        client.delete_vpc(VpcId=resource.physical_id)


class SubnetProvider(Ec2Provider):
    """Parts of a network in one zone each."""

    handled = properties("AvailabilityZone CidrBlock MapPublicIpOnLaunch Tags VpcId")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the subnet."""
        subnet = client.create_subnet(**given(request.properties, "AvailabilityZone", "CidrBlock", "VpcId"))["Subnet"]
        attributes = {
            "SubnetId": subnet["SubnetId"],
            "AvailabilityZone": subnet["AvailabilityZone"],
            "CidrBlock": subnet["CidrBlock"],
            "VpcId": subnet["VpcId"],
            "Ipv6CidrBlocks": [],
        }
        return ProvisionedResource(physical_id=subnet["SubnetId"], attributes=attributes)

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Say whether what starts in it has a public address, and set its tags."""
        public = bool(request.properties.get("MapPublicIpOnLaunch", False))
        client.modify_subnet_attribute(SubnetId=resource.physical_id, MapPublicIpOnLaunch={"Value": public})
        set_tags(client, resource.physical_id, before, request.properties)
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the subnet."""
        client.delete_subnet(SubnetId=resource.physical_id)
