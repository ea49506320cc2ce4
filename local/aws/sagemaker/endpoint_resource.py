"""The CloudFormation resource AWS::SageMaker::Endpoint."""

import time
from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ProvisioningError, ResourceRequest
from local.aws.sagemaker.endpoint import EndpointStatus
from local.aws.sagemaker.resource_tags import update_tags
from local.aws.wire.errors import AwsError
from local.aws.wire.place import Place
from local.aws.wire.service import AwsService

_POLL_S = 0.05
_CREATED_WITH = ("EndpointConfigName", "DeploymentConfig", "Tags")


class EndpointProvider:
    """Creates, updates and deletes endpoints, and waits for each.

    Args:
        api: SageMaker's operations.
    """

    def __init__(self, api: AwsService) -> None:
        self._api = api

    def create(self, request: ResourceRequest) -> ProvisionedResource:
        """Create the endpoint and wait until it is in service."""
        place = Place(account_id=request.account_id, region=request.region)
        name = request.properties.get("EndpointName") or request.generated_name
        given = {key: value for key, value in request.properties.items() if key in _CREATED_WITH}
        try:
            answer = self._api.call_with_properties("CreateEndpoint", place, {**given, "EndpointName": name})
            self._wait(place, name, EndpointStatus.CREATING)
        except AwsError as error:
            raise ProvisioningError(error.message) from error
        arn = answer["EndpointArn"]
        return ProvisionedResource(physical_id=arn, attributes={"EndpointName": name, "Id": arn}, handle=name)

    def update(self, request: ResourceRequest, current: ProvisionedResource) -> ProvisionedResource:
        """Go over to another configuration, if there is another, and wait."""
        place, name = Place(account_id=request.account_id, region=request.region), str(current.handle)
        config = request.properties["EndpointConfigName"]
        try:
            update_tags(self._api, place, current.physical_id, request.properties.get("Tags", ()))
            if self._describe(place, name)["EndpointConfigName"] != config:
                self._api.call("UpdateEndpoint", place, {"EndpointName": name, "EndpointConfigName": config})
                self._wait(place, name, EndpointStatus.UPDATING)
        except AwsError as error:
            raise ProvisioningError(error.message) from error
        return current

    def delete(self, request: ResourceRequest, current: ProvisionedResource) -> None:
        """Delete the endpoint and wait until it is gone."""
        place, name = Place(account_id=request.account_id, region=request.region), str(current.handle)
        try:
            self._wait(place, name, EndpointStatus.CREATING)
            self._wait(place, name, EndpointStatus.UPDATING)
            self._api.call("DeleteEndpoint", place, {"EndpointName": name})
            self._wait(place, name, EndpointStatus.DELETING)
        except AwsError as error:
            if "Could not find" not in error.message:
                raise ProvisioningError(error.message) from error

    def _wait(self, place: Place, name: str, while_: EndpointStatus) -> None:
        while self._describe(place, name)["EndpointStatus"] == while_:
            time.sleep(_POLL_S)

    def _describe(self, place: Place, name: str) -> Mapping[str, Any]:
        return self._api.call("DescribeEndpoint", place, {"EndpointName": name})
