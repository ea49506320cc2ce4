"""The CloudFormation resource AWS::SageMaker::InferenceComponent.

A template's copy count is where a component starts. What scaling made of it afterwards stays, unless the template's own
number changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.aws.cloudformation.provider import (
    PartlyProvisionedError,
    ProvisionedResource,
    ProvisioningError,
    ResourceRequest,
)
from local.aws.containers.fleet_state import FleetStatus
from local.aws.sagemaker.component import Component
from local.aws.sagemaker.hosting import HostedComponent, Hostings
from local.aws.sagemaker.resource_tags import update_tags
from local.aws.sagemaker.specification import given_specification
from local.aws.wire.errors import AwsError
from local.aws.wire.place import Place
from local.aws.wire.service import AwsService

# Properties that CloudFormation has and the operations have not: the endpoint's name says the same.
_NOT_IN_THE_API = {"EndpointArn", "DeploymentConfig"}
_FIXED = ("InferenceComponentName", "EndpointName", "VariantName")


@dataclass(frozen=True, kw_only=True)
class _Deployed:
    """What a stack deployed last: the properties in the API's types."""

    name: str
    params: Mapping[str, Any]

    @property
    def copies(self) -> int | None:
        copies: int | None = self.params.get("RuntimeConfig", {}).get("CopyCount")
        return copies


class ComponentProvider:
    """Creates, updates and deletes inference components, and waits for each.

    Args:
        api: SageMaker's operations.
        hostings: what there is, by place.
    """

    def __init__(self, api: AwsService, *, hostings: Hostings) -> None:
        self._api = api
        self._hostings = hostings

    def create(self, request: ResourceRequest) -> ProvisionedResource:
        """Create the component and wait until its copies answer."""
        place = Place(account_id=request.account_id, region=request.region)
        try:
            deployed = self._read(request, name=request.properties.get("InferenceComponentName"))
            self._api.call("CreateInferenceComponent", place, deployed.params)
            component = self._component(place, deployed.name)
        except AwsError as error:
            raise ProvisioningError(error.message) from error
        settled = _settled(component)
        resource = _resource(component, deployed)
        if settled["InferenceComponentStatus"] == FleetStatus.FAILED:
            raise PartlyProvisionedError(settled.get("FailureReason", "The component failed."), resource=resource)
        return resource

    def update(self, request: ResourceRequest, current: ProvisionedResource) -> ProvisionedResource:
        """Roll out another specification or copy count, if there is another, and wait."""
        place, before = Place(account_id=request.account_id, region=request.region), _deployed(current)
        try:
            wanted = self._read(request, name=request.properties.get("InferenceComponentName", before.name))
            for name in _FIXED:
                if wanted.params.get(name) != before.params.get(name):
                    raise ProvisioningError(f"{name} of an inference component cannot change.")
            component = self._component(place, before.name)
            _settled(component)
            update_tags(self._api, place, component.arn, wanted.params.get("Tags", ()))
            self._change(place, component, request, before=before, wanted=wanted)
        except AwsError as error:
            raise ProvisioningError(error.message) from error
        return _resource(component, wanted)

    def delete(self, request: ResourceRequest, current: ProvisionedResource) -> None:
        """Delete the component, after what is under way, and wait until its last copy has ended."""
        place, name = Place(account_id=request.account_id, region=request.region), _deployed(current).name
        try:
            component = self._component(place, name)
            if component.status is not FleetStatus.DELETING:
                _settled(component)
                self._api.call("DeleteInferenceComponent", place, {"InferenceComponentName": name})
        except AwsError as error:
            if "Could not find" not in error.message:
                raise ProvisioningError(error.message) from error
            return
        component.join()

    def _change(
        self,
        place: Place,
        component: HostedComponent,
        request: ResourceRequest,
        *,
        before: _Deployed,
        wanted: _Deployed,
    ) -> None:
        there = component.describe()
        params: dict[str, Any] = {"InferenceComponentName": before.name}
        specification = given_specification(wanted.params)
        if component.given != specification:
            params |= specification
            if deployment := request.properties.get("DeploymentConfig"):
                params["DeploymentConfig"] = deployment
        if before.copies != wanted.copies and wanted.copies is not None:
            params["RuntimeConfig"] = {"CopyCount": wanted.copies}
        if len(params) == 1:
            return
        self._api.call_with_properties("UpdateInferenceComponent", place, params)
        settled = _settled(component)
        if "FailureReason" in settled:
            if isinstance(component, Component) and _desired(settled) != _desired(there):
                component.fleet.scale(_desired(there))
                _settled(component)
            raise ProvisioningError(settled["FailureReason"])

    def _read(self, request: ResourceRequest, *, name: str | None) -> _Deployed:
        given = {key: value for key, value in request.properties.items() if key not in _NOT_IN_THE_API}
        given["InferenceComponentName"] = name or request.generated_name
        params = self._api.coerce("CreateInferenceComponent", given)
        return _Deployed(name=params["InferenceComponentName"], params=params)

    def _component(self, place: Place, name: str) -> HostedComponent:
        hosting = self._hostings(place)
        with hosting.lock:
            return hosting.components.get(name)


def _deployed(resource: ProvisionedResource) -> _Deployed:
    assert isinstance(resource.handle, _Deployed)  # noqa: S101 - the engine hands back what it was given
    return resource.handle


def _settled(component: HostedComponent) -> dict[str, Any]:
    """Wait until nothing is under way, and describe what there is then."""
    if not component.wait_until_settled():
        raise ProvisioningError("The local AWS is shutting down.")
    return component.describe()


def _desired(described: Mapping[str, Any]) -> int:
    desired: int = described["RuntimeConfig"]["DesiredCopyCount"]
    return desired


def _resource(component: HostedComponent, deployed: _Deployed) -> ProvisionedResource:
    described = component.describe()
    # An adapter has no copies.
    copies = {f"RuntimeConfig.{name}": count for name, count in described.get("RuntimeConfig", {}).items()}
    return ProvisionedResource(
        physical_id=component.arn,
        attributes={
            "InferenceComponentArn": component.arn,
            "InferenceComponentStatus": str(described["InferenceComponentStatus"]),
            "CreationTime": described["CreationTime"].isoformat(),
            "LastModifiedTime": described["LastModifiedTime"].isoformat(),
            **copies,
            "FailureReason": described.get("FailureReason", ""),
        },
        handle=deployed,
    )
