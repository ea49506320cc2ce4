"""AWS::Logs::MetricFilter."""

from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import ApiProvider, properties


class MetricFilterProvider(ApiProvider):
    """Filters that make metrics of a log. They are kept and described; no metric comes of them on this machine."""

    service = "logs"
    handled = properties("FilterName FilterPattern LogGroupName MetricTransformations")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Put the filter; a log group that is not there is refused, as AWS does."""
        name = request.properties.get("FilterName", request.generated_name)
        group = request.properties["LogGroupName"]
        if not client.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            raise client.exceptions.ResourceNotFoundException(
                {
                    "Error": {
                        "Code": "ResourceNotFoundException",
                        "Message": "The specified log group does not exist.",
                    }
                },
                "PutMetricFilter",
            )
        self._put(client, request, name)
        return ProvisionedResource(physical_id=name)

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Put a changed filter in the place of the one before: moto would keep both."""
        if before:
            self._delete(client, request, resource)
            self._put(client, request, resource.physical_id)
        return resource

    def remove(self, client: Any, request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the filter."""
        self._delete(client, request, resource)

    @staticmethod
    def _put(client: Any, request: ResourceRequest, name: str) -> None:
        client.put_metric_filter(
            filterName=name,
            filterPattern=request.properties["FilterPattern"],
            logGroupName=request.properties["LogGroupName"],
            metricTransformations=[
                {key[0].lower() + key[1:]: value for key, value in transformation.items()}
                for transformation in request.properties["MetricTransformations"]
            ],
        )

    @staticmethod
    def _delete(client: Any, request: ResourceRequest, resource: ProvisionedResource) -> None:
        client.delete_metric_filter(filterName=resource.physical_id, logGroupName=request.properties["LogGroupName"])
