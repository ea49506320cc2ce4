"""Reads what CreateInferenceComponent and UpdateInferenceComponent say of an adapter component.

Which fields it has and has not: the documentation of InferenceComponentSpecification. AWS does not document what it
answers where one is given that it has not; here it is refused.
"""

import secrets

from local.aws.containers.fleet_state import FleetStatus
from local.aws.sagemaker.adapter import AdapterComponent
from local.aws.sagemaker.archive import unpack
from local.aws.sagemaker.component import Component
from local.aws.sagemaker.endpoint import Endpoint
from local.aws.sagemaker.hosting import Hosting
from local.aws.sagemaker.specification import given_specification
from local.aws.sagemaker.weights import check_weights
from local.aws.wire.errors import ValidationException
from local.aws.wire.place import Place
from local.aws.wire.service import Params

_BASE = "BaseInferenceComponentName"
_OF_A_BASE = ("ModelName", "ComputeResourceRequirements", "StartupParameters", "InstanceType", "DataCacheConfig")


def names_base(params: Params) -> bool:
    """Whether the specification is an adapter component's."""
    return bool(params.get("Specification", {}).get(_BASE))


def new_adapter(hosting: Hosting, endpoint: Endpoint, params: Params) -> AdapterComponent:
    """Return the adapter component that an operation asks for, with nothing loaded yet.

    Args:
        hosting: where its base is looked up; its lock is held.
        endpoint: that it shall be on.
        params: of CreateInferenceComponent.

    Raises:
        ValidationException: the base is not there, on another endpoint, an adapter itself or not in service; or
            something is given that only a base has.
    """
    name, place = params["InferenceComponentName"], hosting.place
    base = _find_base(hosting, endpoint, params)
    if params.get("RuntimeConfig"):
        raise ValidationException("An adapter inference component has no copies of its own: leave RuntimeConfig out.")
    if params.get("VariantName") not in {None, base.variant}:
        raise ValidationException(
            f'VariantName is "{params["VariantName"]}"; the base inference component is on "{base.variant}".'
        )
    component = AdapterComponent(
        name=name,
        arn=place.arn("inference-component", name),
        base=base,
        folder=hosting.adapter_folder / f"{name}-{secrets.token_hex(4)}",
        unpack=lambda uri, to: unpack(place, uri, to=to),
        on_gone=lambda: hosting.forget_component(component),
    )
    return component


def load_adapter(place: Place, component: AdapterComponent, params: Params) -> None:
    """Begin to load what an operation names.

    Raises:
        ValidationException: it names another base, no archive or one that is not there.
        FleetBusyError: something else is under way.
    """
    base = params["Specification"].get(_BASE)
    if base not in {None, component.base.name}:
        raise ValidationException(f'{_BASE} of inference component "{component.arn}" cannot change.')
    uri = _find_artifact(place, params)
    # An update may leave the base out; it stays.
    kept = {"Specification": {_BASE: component.base.name, **given_specification(params)["Specification"]}}
    component.load(kept, uri=uri)


def _find_artifact(place: Place, params: Params) -> str:
    """Return where the archive is.

    Raises:
        ValidationException: none is named, it is not there, or something is given that only a base has.
    """
    specification = params["Specification"]
    container = specification.get("Container", {})
    extra = [name for name in _OF_A_BASE if specification.get(name)]
    extra += [f"Container.{name}" for name in container if name != "ArtifactUrl"]
    if extra:
        raise ValidationException(
            f"Specification.{extra[0]} is for a base inference component; an adapter's has {_BASE} and "
            "Container.ArtifactUrl."
        )
    uri: str = container.get("ArtifactUrl", "")
    if not (uri.startswith("s3://") and uri.endswith(".tar.gz")):
        raise ValidationException(
            "Specification.Container.ArtifactUrl must be the S3 path of the adapter's archive, with the suffix .tar.gz."
        )
    check_weights(place, {"ModelDataUrl": uri})
    return uri


def _find_base(hosting: Hosting, endpoint: Endpoint, params: Params) -> Component:
    base = hosting.components.get(params["Specification"][_BASE])
    if isinstance(base, AdapterComponent):
        raise ValidationException(f'Inference component "{base.arn}" is an adapter itself and cannot be a base.')
    if base.endpoint is not endpoint:
        raise ValidationException(
            f'The base inference component "{base.arn}" is not on endpoint "{endpoint.arn}" but on '
            f'"{base.endpoint.arn}".'
        )
    if base.status is not FleetStatus.IN_SERVICE:
        raise ValidationException(
            f'Cannot create an adapter on the base inference component "{base.arn}" in status {base.status}.'
        )
    return base
