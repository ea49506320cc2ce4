"""AWS::Logs::LogGroup."""

import json
from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import ApiProvider, arn, given, properties, tag_changes


class LogGroupProvider(ApiProvider):
    """Log groups with their retention."""

    service = "logs"
    handled = properties("DataProtectionPolicy KmsKeyId LogGroupClass LogGroupName RetentionInDays Tags")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the group."""
        name = request.properties.get("LogGroupName", request.generated_name)
        client.create_log_group(
            logGroupName=name, **given(request.properties, kmsKeyId="KmsKeyId", logGroupClass="LogGroupClass")
        )
        return ProvisionedResource(physical_id=name, attributes={"Arn": arn(request, f"log-group:{name}:*")})

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Set or clear its retention, set its tags."""
        name, wanted = resource.physical_id, request.properties
        if days := wanted.get("RetentionInDays"):
            client.put_retention_policy(logGroupName=name, retentionInDays=days)
        elif before.get("RetentionInDays"):
            client.delete_retention_policy(logGroupName=name)
        if policy := wanted.get("DataProtectionPolicy"):
            client.put_data_protection_policy(logGroupIdentifier=name, policyDocument=json.dumps(policy))
        added, removed = tag_changes(before.get("Tags"), wanted.get("Tags"))
        if added:
            client.tag_log_group(logGroupName=name, tags=added)
        if removed:
            client.untag_log_group(logGroupName=name, tags=removed)
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the group with its streams."""
        client.delete_log_group(logGroupName=resource.physical_id)
