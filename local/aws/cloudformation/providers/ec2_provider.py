"""What EC2's resource types share: an id that a call gives, and tags that are set the same way on all of them."""

from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import ApiProvider, as_tag_list, tag_changes


class Ec2Provider(ApiProvider):
    """A resource of EC2, tagged by its id."""

    service = "ec2"

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Set its tags."""
        set_tags(client, self.resource_id(resource), before, request.properties)
        return resource

    def resource_id(self, resource: ProvisionedResource) -> str:
        """The id that EC2 knows it by."""
        return resource.physical_id


def set_tags(client: Any, resource_id: str, before: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Bring the tags of an EC2 resource from one set of properties to another."""
    added, removed = tag_changes(before.get("Tags"), wanted.get("Tags"))
    if added:
        client.create_tags(Resources=[resource_id], Tags=as_tag_list(added))
    if removed:
        client.delete_tags(Resources=[resource_id], Tags=[{"Key": key} for key in removed])
