"""AWS::EC2::RouteTable, AWS::EC2::Route and AWS::EC2::SubnetRouteTableAssociation."""

from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import given, properties
from local.aws.cloudformation.providers.ec2_provider import Ec2Provider

_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
_TARGETS = (
    "EgressOnlyInternetGatewayId",
    "GatewayId",
    "InstanceId",
    "NatGatewayId",
    "NetworkInterfaceId",
    "TransitGatewayId",
    "VpcEndpointId",
    "VpcPeeringConnectionId",
)


class RouteTableProvider(Ec2Provider):
    """Tables of routes."""

    handled = properties("Tags VpcId")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the table."""
        table_id = client.create_route_table(VpcId=request.properties["VpcId"])["RouteTable"]["RouteTableId"]
        return ProvisionedResource(physical_id=table_id, attributes={"RouteTableId": table_id})

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the table."""
        client.delete_route_table(RouteTableId=resource.physical_id)


class RouteProvider(Ec2Provider):
    """Routes."""

    handled = properties("RouteTableId", *_DESTINATIONS, *_TARGETS)

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the route."""
        client.create_route(**given(request.properties, "RouteTableId", *_DESTINATIONS, *_TARGETS))
        destination = next(str(request.properties[name]) for name in _DESTINATIONS if name in request.properties)
        return ProvisionedResource(
            physical_id=f"{request.properties['RouteTableId']}|{destination}", attributes={"CidrBlock": destination}
        )

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Point the route at another target."""
        if before:
            client.replace_route(**given(request.properties, "RouteTableId", *_DESTINATIONS, *_TARGETS))
        return resource

    def remove(self, client: Any, request: ResourceRequest, _resource: ProvisionedResource, /) -> None:
        """Delete the route."""
        client.delete_route(**given(request.properties, "RouteTableId", *_DESTINATIONS))


class SubnetRouteTableAssociationProvider(Ec2Provider):
    """Which table a subnet uses."""

    handled = properties("RouteTableId SubnetId")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Associate them."""
        association = client.associate_route_table(**given(request.properties, "RouteTableId", "SubnetId"))
        association_id = association["AssociationId"]
        return ProvisionedResource(physical_id=association_id, attributes={"Id": association_id})

    def configure(
        self, _client: Any, _request: ResourceRequest, resource: ProvisionedResource, _before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Nothing of it can change in place."""
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Let the subnet use the network's main table again."""
        client.disassociate_route_table(AssociationId=resource.physical_id)
