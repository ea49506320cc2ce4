"""AWS::SSM::Parameter."""

from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import (
    ApiProvider,
    arn,
    as_tag_list,
    given,
    properties,
    tag_changes,
)


class ParameterProvider(ApiProvider):
    """Parameters of Systems Manager."""

    service = "ssm"
    handled = properties("AllowedPattern DataType Description Name Policies Tags Tier Type Value")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Put the parameter; one that exists is not taken over."""
        name = request.properties.get("Name", f"CFN-{request.generated_name}")
        client.put_parameter(Name=name, Overwrite=False, **_settings(request.properties))
        return _described(name, request)

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Put a changed value, and its tags."""
        name = resource.physical_id
        if before:
            client.put_parameter(Name=name, Overwrite=True, **_settings(request.properties))
        added, removed = tag_changes(before.get("Tags"), request.properties.get("Tags"))
        if added:
            client.add_tags_to_resource(ResourceType="Parameter", ResourceId=name, Tags=as_tag_list(added))
        if removed:
            client.remove_tags_from_resource(ResourceType="Parameter", ResourceId=name, TagKeys=removed)
        return _described(name, request)

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the parameter."""
        client.delete_parameter(Name=resource.physical_id)


def _settings(properties: Mapping[str, Any]) -> dict[str, Any]:
    return given(properties, "Type", "Value", "Description", "AllowedPattern", "Tier", "Policies", "DataType")


def _described(name: str, request: ResourceRequest) -> ProvisionedResource:
    path = name if name.startswith("/") else f"/{name}"
    shown = given(request.properties, "Type", "Value")
    return ProvisionedResource(physical_id=name, attributes={"Arn": arn(request, f"parameter{path}"), **shown})
