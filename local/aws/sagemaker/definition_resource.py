"""The CloudFormation resources that are only definitions: AWS::SageMaker::Model and AWS::SageMaker::EndpointConfig.

Every change but that of tags replaces them, so there is nothing to wait for and nothing to update.
"""

from local.aws.cloudformation.provider import ProvisionedResource, ProvisioningError, ResourceRequest
from local.aws.sagemaker.resource_tags import update_tags
from local.aws.wire.errors import AwsError
from local.aws.wire.place import Place
from local.aws.wire.service import AwsService


class DefinitionProvider:
    """Creates and deletes definitions of one kind.

    Args:
        api: SageMaker's operations.
        noun: of the operations: ``Model`` for CreateModel, ModelName and ModelArn.
    """

    def __init__(self, api: AwsService, *, noun: str) -> None:
        self._api = api
        self._noun = noun

    def create(self, request: ResourceRequest) -> ProvisionedResource:
        """Create the definition."""
        name = request.properties.get(f"{self._noun}Name") or request.generated_name
        params = {**request.properties, f"{self._noun}Name": name}
        try:
            answer = self._api.call_with_properties(f"Create{self._noun}", _place(request), params)
        except AwsError as error:
            raise ProvisioningError(error.message) from error
        return ProvisionedResource(
            physical_id=answer[f"{self._noun}Arn"],
            attributes={f"{self._noun}Name": name, "Id": answer[f"{self._noun}Arn"]},
            handle=name,
        )

    def update(self, request: ResourceRequest, current: ProvisionedResource) -> ProvisionedResource:
        """Change the tags; anything else replaces the resource."""
        try:
            update_tags(self._api, _place(request), current.physical_id, request.properties.get("Tags", ()))
        except AwsError as error:
            raise ProvisioningError(error.message) from error
        return current

    def delete(self, request: ResourceRequest, current: ProvisionedResource) -> None:
        """Delete the definition."""
        try:
            self._api.call(f"Delete{self._noun}", _place(request), {f"{self._noun}Name": current.handle})
        except AwsError as error:
            if "Could not find" not in error.message:
                raise ProvisioningError(error.message) from error


def _place(request: ResourceRequest) -> Place:
    return Place(account_id=request.account_id, region=request.region)
