"""AWS::S3::BucketPolicy: kept and given back by GetBucketPolicy. Nothing enforces policies in the local AWS."""

import json
from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import ApiProvider, properties


class BucketPolicyProvider(ApiProvider):
    """The policy of one bucket."""

    service = "s3"
    handled = properties("Bucket PolicyDocument")

    def make(self, _client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Name it by its bucket; it is put when it is configured."""
        return ProvisionedResource(physical_id=request.properties["Bucket"])

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, _before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Put the policy."""
        client.put_bucket_policy(Bucket=resource.physical_id, Policy=json.dumps(request.properties["PolicyDocument"]))
        return resource

    def remove(self, client: Any, _request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Take the policy away."""
        client.delete_bucket_policy(Bucket=resource.physical_id)
