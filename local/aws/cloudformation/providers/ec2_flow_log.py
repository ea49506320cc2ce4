"""AWS::EC2::FlowLog."""

from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ProvisioningError, ResourceRequest
from local.aws.cloudformation.providers.api_provider import given, properties
from local.aws.cloudformation.providers.ec2_provider import Ec2Provider

_SETTINGS = (
    "DeliverLogsPermissionArn",
    "LogDestination",
    "LogDestinationType",
    "LogFormat",
    "LogGroupName",
    "MaxAggregationInterval",
    "ResourceType",
    "TrafficType",
)


class FlowLogProvider(Ec2Provider):
    """Records of a network's traffic."""

    handled = properties("ResourceId Tags", *_SETTINGS)

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Start the record."""
        answer = client.create_flow_logs(
            ResourceIds=[request.properties["ResourceId"]], **given(request.properties, *_SETTINGS)
        )
        if failures := answer.get("Unsuccessful"):
            raise ProvisioningError(str(failures[0]["Error"]["Message"]))
        flow_log_id = answer["FlowLogIds"][0]
        return ProvisionedResource(physical_id=flow_log_id, attributes={"Id": flow_log_id})

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """End the record."""
        client.delete_flow_logs(FlowLogIds=[resource.physical_id])
