"""AWS::CDK::Metadata: what the CDK says about itself; nothing is made of it."""

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest


class CdkMetadata:
    """Has an id and nothing else."""

    def create(self, request: ResourceRequest) -> ProvisionedResource:
        """Give it an id."""
        return ProvisionedResource(physical_id=request.generated_name)

    def update(
        self,
        request: ResourceRequest,  # noqa: ARG002 - the protocol's
        current: ProvisionedResource,
    ) -> ProvisionedResource:
        """Keep its id."""
        return current

    def delete(self, request: ResourceRequest, current: ProvisionedResource) -> None:
        """Forget it."""
