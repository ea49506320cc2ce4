"""AWS::KMS::Key and AWS::KMS::Alias."""

import json
from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import ApiProvider, given, properties, tag_changes

_PENDING_DAYS = 30


class KeyProvider(ApiProvider):
    """Keys. A deleted key is scheduled for deletion, as in AWS."""

    service = "kms"
    handled = properties(
        "Description EnableKeyRotation Enabled KeyPolicy KeySpec KeyUsage MultiRegion Origin PendingWindowInDays",
        "RotationPeriodInDays Tags",
    )

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the key."""
        key = client.create_key(
            **given(request.properties, "Description", "KeySpec", "KeyUsage", "MultiRegion", "Origin")
        )
        metadata = key["KeyMetadata"]
        return ProvisionedResource(
            physical_id=metadata["KeyId"], attributes={"Arn": metadata["Arn"], "KeyId": metadata["KeyId"]}
        )

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Set description, policy, rotation, state and tags."""
        key_id, wanted = resource.physical_id, request.properties
        if before.get("Description", "") != wanted.get("Description", "") and before:
            client.update_key_description(KeyId=key_id, Description=wanted.get("Description", ""))
        if policy := wanted.get("KeyPolicy"):
            client.put_key_policy(
                KeyId=key_id, PolicyName="default", Policy=policy if isinstance(policy, str) else json.dumps(policy)
            )
        if wanted.get("EnableKeyRotation"):
            client.enable_key_rotation(KeyId=key_id, **given(wanted, "RotationPeriodInDays"))
        elif before.get("EnableKeyRotation"):
            client.disable_key_rotation(KeyId=key_id)
        if wanted.get("Enabled", True) != before.get("Enabled", True):
            (client.enable_key if wanted.get("Enabled", True) else client.disable_key)(KeyId=key_id)
        added, removed = tag_changes(before.get("Tags"), wanted.get("Tags"))
        if added:
            client.tag_resource(KeyId=key_id, Tags=[{"TagKey": key, "TagValue": value} for key, value in added.items()])
        if removed:
            client.untag_resource(KeyId=key_id, TagKeys=removed)
        return resource

    def remove(self, client: Any, request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Schedule the key's deletion."""
        days = request.properties.get("PendingWindowInDays", _PENDING_DAYS)
        client.schedule_key_deletion(KeyId=resource.physical_id, PendingWindowInDays=days)


class AliasProvider(ApiProvider):
    """Names of keys."""

    service = "kms"
    handled = properties("AliasName TargetKeyId")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the alias."""
        client.create_alias(AliasName=request.properties["AliasName"], TargetKeyId=request.properties["TargetKeyId"])
        return ProvisionedResource(physical_id=request.properties["AliasName"])

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Let the alias name another key."""
        if before:
            client.update_alias(AliasName=resource.physical_id, TargetKeyId=request.properties["TargetKeyId"])
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the alias."""
        client.delete_alias(AliasName=resource.physical_id)
