"""AWS::EC2::InternetGateway, AWS::EC2::VPCGatewayAttachment, AWS::EC2::EIP and AWS::EC2::NatGateway."""

from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import given, properties
from local.aws.cloudformation.providers.ec2_provider import Ec2Provider
from local.aws.cloudformation.providers.leftovers import forget_nat_gateway


class InternetGatewayProvider(Ec2Provider):
    """Ways to the internet."""

    handled = properties("Tags")

    def make(self, client: Any, _request: ResourceRequest, /) -> ProvisionedResource:
        """Create the gateway."""
        gateway_id = client.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        return ProvisionedResource(physical_id=gateway_id, attributes={"InternetGatewayId": gateway_id})

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the gateway."""
        client.delete_internet_gateway(InternetGatewayId=resource.physical_id)


class VpcGatewayAttachmentProvider(Ec2Provider):
    """An internet gateway's place in a network."""

    handled = properties("InternetGatewayId VpcId")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Attach the gateway."""
        client.attach_internet_gateway(**given(request.properties, "InternetGatewayId", "VpcId"))
        return ProvisionedResource(
            physical_id=f"IGW|{request.properties['VpcId']}", attributes={"AttachmentType": "IGW"}
        )

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Attach another gateway in its place."""
        if before:
            client.detach_internet_gateway(**given(before, "InternetGatewayId", "VpcId"))
            client.attach_internet_gateway(**given(request.properties, "InternetGatewayId", "VpcId"))
        return resource

    def remove(self, client: Any, request: ResourceRequest, _resource: ProvisionedResource, /) -> None:
        """Detach the gateway."""
        client.detach_internet_gateway(**given(request.properties, "InternetGatewayId", "VpcId"))


class EipProvider(Ec2Provider):
    """Public addresses."""

    handled = properties("Domain Tags")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Take an address."""
        address = client.allocate_address(Domain=request.properties.get("Domain", "vpc"))
        attributes = {"AllocationId": address["AllocationId"], "PublicIp": address["PublicIp"]}
        return ProvisionedResource(physical_id=address["PublicIp"], attributes=attributes)

    def resource_id(self, resource: ProvisionedResource) -> str:
        """Its allocation: an address is tagged by that."""
        return str(resource.attributes["AllocationId"])

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Give the address back."""
        client.release_address(AllocationId=resource.attributes["AllocationId"])


class NatGatewayProvider(Ec2Provider):
    """Ways out for what has no public address."""

    handled = properties("AllocationId ConnectivityType PrivateIpAddress SubnetId Tags")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the gateway."""
        arguments = given(request.properties, "AllocationId", "ConnectivityType", "PrivateIpAddress", "SubnetId")
        gateway_id = client.create_nat_gateway(**arguments)["NatGateway"]["NatGatewayId"]
        return ProvisionedResource(physical_id=gateway_id, attributes={"NatGatewayId": gateway_id})

    def remove(self, client: Any, request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the gateway."""
        client.delete_nat_gateway(NatGatewayId=resource.physical_id)
        forget_nat_gateway(request, resource.physical_id)
