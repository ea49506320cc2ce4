"""AWS::EC2::VPCEndpoint: a way to an AWS service from inside a network."""

import json
from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import given, properties
from local.aws.cloudformation.providers.ec2_provider import Ec2Provider, set_tags
from local.aws.cloudformation.providers.leftovers import forget_vpc_endpoint

_LISTS = {"RouteTableIds": "RouteTableIds", "SecurityGroupIds": "SecurityGroupIds", "SubnetIds": "SubnetIds"}


class VpcEndpointProvider(Ec2Provider):
    """Interface and gateway endpoints."""

    handled = properties(
        "IpAddressType PolicyDocument PrivateDnsEnabled ServiceName Tags VpcEndpointType VpcId", *_LISTS
    )

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the endpoint."""
        endpoint = client.create_vpc_endpoint(
            **given(
                request.properties,
                "IpAddressType",
                "PrivateDnsEnabled",
                "ServiceName",
                "VpcEndpointType",
                "VpcId",
                *_LISTS,
            ),
            **_policy(request.properties),
        )["VpcEndpoint"]
        attributes = {
            "Id": endpoint["VpcEndpointId"],
            "NetworkInterfaceIds": endpoint.get("NetworkInterfaceIds", []),
            "DnsEntries": [
                f"{entry.get('HostedZoneId', '')}:{entry['DnsName']}" for entry in endpoint.get("DnsEntries", [])
            ],
            "CreationTimestamp": str(endpoint.get("CreationTimestamp", "")),
        }
        return ProvisionedResource(physical_id=endpoint["VpcEndpointId"], attributes=attributes)

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Exchange tables, groups, subnets, policy and tags."""
        wanted = request.properties
        changes: dict[str, Any] = _policy(wanted) if before else {}
        for name in _LISTS if before else ():
            old, new = set(before.get(name, [])), set(wanted.get(name, []))
            changes |= {f"Add{name}": sorted(new - old)} if new - old else {}
            changes |= {f"Remove{name}": sorted(old - new)} if old - new else {}
        if before.get("PrivateDnsEnabled") != wanted.get("PrivateDnsEnabled") and before:
            changes["PrivateDnsEnabled"] = bool(wanted.get("PrivateDnsEnabled", False))
        if changes:
            client.modify_vpc_endpoint(VpcEndpointId=resource.physical_id, **changes)
        set_tags(client, resource.physical_id, before, wanted)
        return resource

    def remove(self, client: Any, request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the endpoint."""
        client.delete_vpc_endpoints(VpcEndpointIds=[resource.physical_id])
        forget_vpc_endpoint(request, resource.physical_id)


def _policy(wanted: Mapping[str, Any]) -> dict[str, str]:
    policy = wanted.get("PolicyDocument")
    if policy is None:
        return {}
    return {"PolicyDocument": policy if isinstance(policy, str) else json.dumps(policy)}
