"""Resource types as moto itself makes them from a template, for those that nothing in providers/ makes better.

moto's own models take the main properties of a type and pass over the rest, so a type that a stack of this project
relies on has a provider of its own. What moto cannot change in place is refused.
"""

import importlib
from collections.abc import Iterator, Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ProvisioningError, ResourceRequest

MODELS: Mapping[str, tuple[str, str]] = {
    "AWS::DynamoDB::Table": ("moto.dynamodb.models.table", "Table"),
    "AWS::Events::EventBus": ("moto.events.models", "EventBus"),
    "AWS::Events::Rule": ("moto.events.models", "Rule"),
    "AWS::IAM::AccessKey": ("moto.iam.models", "AccessKey"),
    "AWS::IAM::User": ("moto.iam.models", "User"),
    "AWS::Kinesis::Stream": ("moto.kinesis.models", "Stream"),
    "AWS::Logs::ResourcePolicy": ("moto.logs.models", "LogResourcePolicy"),
    "AWS::Route53::HostedZone": ("moto.route53.models", "FakeZone"),
    "AWS::Route53::RecordSet": ("moto.route53.models", "RecordSet"),
    "AWS::SQS::Queue": ("moto.sqs.models", "Queue"),
    "AWS::StepFunctions::StateMachine": ("moto.stepfunctions.models", "StateMachine"),
}
"""The module and the class of moto that make each type."""


class MotoProvider:
    """One resource type, made by one of moto's models."""

    def __init__(self, *, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def create(self, request: ResourceRequest) -> ProvisionedResource:
        """Make the resource."""
        model = self._model()
        name = request.properties.get(model.cloudformation_name_type() or "", request.generated_name)
        with _Refusals():
            made = model.create_from_cloudformation_json(
                name, _template(request), request.account_id, request.region, **_context(request)
            )
        return _provisioned(made)

    def update(self, request: ResourceRequest, current: ProvisionedResource) -> ProvisionedResource:
        """Change the resource, as far as moto can."""
        model = self._model()
        if "update_from_cloudformation_json" not in vars(model):
            raise ProvisioningError(
                f"The local AWS cannot change {request.resource_type} in place: give the resource another logical id."
            )
        name = request.properties.get(model.cloudformation_name_type() or "", current.physical_id)
        with _Refusals():
            made = model.update_from_cloudformation_json(
                original_resource=current.handle,
                new_resource_name=name,
                cloudformation_json=_template(request),
                account_id=request.account_id,
                region_name=request.region,
            )
        return _provisioned(made)

    def delete(self, request: ResourceRequest, current: ProvisionedResource) -> None:
        """Delete the resource."""
        model, made = self._model(), current.handle
        with _Refusals():
            if "delete_from_cloudformation_json" in vars(model):
                model.delete_from_cloudformation_json(
                    current.physical_id, _template(request), request.account_id, request.region
                )
            else:
                made.delete(request.account_id, request.region)  # type: ignore[attr-defined]  # what moto has instead

    def _model(self) -> Any:
        return getattr(importlib.import_module(self._module), self._name)


class _Attributes(Mapping[str, Any]):
    """A model's attributes, asked for as they are needed: moto keeps no list of them."""

    def __init__(self, made: Any) -> None:
        self._made = made

    def __getitem__(self, name: str) -> Any:
        try:
            return self._made.get_cfn_attribute(name)
        except Exception as error:  # moto raises one of several of its own, and NotImplementedError
            raise KeyError(name) from error

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _Refusals:
    """Turns what moto refuses into the failure of the resource."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, ProvisioningError):
            message = getattr(error, "message", None) or str(error)
            raise ProvisioningError(
                f'Resource handler returned message: "{message}" (HandlerErrorCode: GeneralServiceException)'
            ) from error


def _template(request: ResourceRequest) -> dict[str, Any]:
    return {"Type": request.resource_type, "Properties": dict(request.properties)}


def _context(request: ResourceRequest) -> dict[str, str]:
    return {"LogicalId": request.logical_id, "StackId": request.stack_id, "ResourceType": request.resource_type}


def _provisioned(made: Any) -> ProvisionedResource:
    return ProvisionedResource(physical_id=str(made.physical_resource_id), attributes=_Attributes(made), handle=made)
