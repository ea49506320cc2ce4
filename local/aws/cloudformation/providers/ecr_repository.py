"""AWS::ECR::Repository."""

import json
from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import ApiProvider, as_tag_list, given, properties, tag_changes


class RepositoryProvider(ApiProvider):
    """Repositories of images."""

    service = "ecr"
    handled = properties(
        "EmptyOnDelete EncryptionConfiguration ImageScanningConfiguration ImageTagMutability LifecyclePolicy",
        "RepositoryName RepositoryPolicyText Tags",
    )

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the repository."""
        encryption = request.properties.get("EncryptionConfiguration")
        repository = client.create_repository(
            repositoryName=request.properties.get("RepositoryName", request.generated_name),
            **given(
                {"e": encryption and given(encryption, encryptionType="EncryptionType", kmsKey="KmsKey")},
                encryptionConfiguration="e",
            ),
        )["repository"]
        attributes = {"Arn": repository["repositoryArn"], "RepositoryUri": repository["repositoryUri"]}
        return ProvisionedResource(physical_id=repository["repositoryName"], attributes=attributes)

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Set mutability, scanning, lifecycle, policy and tags."""
        name, wanted = resource.physical_id, request.properties
        client.put_image_tag_mutability(
            repositoryName=name, imageTagMutability=wanted.get("ImageTagMutability", "MUTABLE")
        )
        scanning = wanted.get("ImageScanningConfiguration", {})
        client.put_image_scanning_configuration(
            repositoryName=name, imageScanningConfiguration={"scanOnPush": scanning.get("ScanOnPush", False)}
        )
        if text := wanted.get("LifecyclePolicy", {}).get("LifecyclePolicyText"):
            client.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=text)
        elif before.get("LifecyclePolicy"):
            client.delete_lifecycle_policy(repositoryName=name)
        if policy := wanted.get("RepositoryPolicyText"):
            client.set_repository_policy(
                repositoryName=name, policyText=policy if isinstance(policy, str) else json.dumps(policy)
            )
        elif before.get("RepositoryPolicyText"):
            client.delete_repository_policy(repositoryName=name)
        added, removed = tag_changes(before.get("Tags"), wanted.get("Tags"))
        if added:
            client.tag_resource(resourceArn=resource.attributes["Arn"], tags=as_tag_list(added))
        if removed:
            client.untag_resource(resourceArn=resource.attributes["Arn"], tagKeys=removed)
        return resource

    def remove(self, client: Any, request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the repository; one that holds images only where the template allows that."""
        force = bool(request.properties.get("EmptyOnDelete", False))
        client.delete_repository(repositoryName=resource.physical_id, force=force)
