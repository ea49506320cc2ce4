"""Reads the Specification of an inference component into a revision of its fleet, checked against what there is."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.aws.containers.mounted import Mounted
from local.aws.containers.revision import Needs, Revision
from local.aws.sagemaker.hosting import Hosting
from local.aws.sagemaker.instances import Instances
from local.aws.sagemaker.weights import list_mounted
from local.aws.wire.errors import ValidationException
from local.aws.wire.service import Params

# What a component gets that does not say how long its containers may take. AWS documents no number for components.
_DEFAULT_STARTUP_TIMEOUT_S = 600
# In the words of the resource type's schema.
_LEAST_SPECIFICATIONS = 2


def read_specification(
    hosting: Hosting, params: Params, *, instances: Instances, startup_share: float = 1.0
) -> Revision:
    """Read the specification of CreateInferenceComponent or UpdateInferenceComponent.

    Of several specifications, one for each instance type, it is the one for the type that the instances are of.

    Args:
        hosting: where the model is looked up; its lock is held.
        params: of the operation.
        instances: that the copies will be placed on.
        startup_share: the part of the time to start that a container here is given.

    Raises:
        ValidationException: it is missing, names a model that is not there, or asks for more than an instance has.
    """
    specification = _choose(params, instances.instance.name)
    if specification.get("BaseInferenceComponentName"):
        raise ValidationException("An inference component with copies of its own cannot become an adapter.")
    needs = _needs(specification)
    if lack := instances.lack_for(needs):
        raise ValidationException(f"There is not enough hardware resources on the instances for this endpoint: {lack}.")
    container = _container(hosting, specification)
    startup = specification.get("StartupParameters", {})
    return Revision(
        image=container["Image"],
        environment=container.get("Environment", {}),
        startup_timeout_s=startup_share
        * startup.get("ContainerStartupHealthCheckTimeoutInSeconds", _DEFAULT_STARTUP_TIMEOUT_S),
        needs=needs,
        mounted=_mounted(hosting, specification),
        gpu_memory_mib=instances.instance.gpu.memory_mib if needs.accelerators else 0,
        given=given_specification(params),
        description=_description(specification, container),
    )


def given_specification(params: Params) -> dict[str, Any]:
    """What an operation says of it: the one specification, or the several."""
    return {name: params[name] for name in ("Specification", "Specifications") if params.get(name)}


def _choose(params: Params, instance_type: str) -> Params:
    several: list[Params] = params.get("Specifications", [])
    single = params.get("Specification")
    if several and single:
        raise ValidationException("Either Specification or Specifications must be given, and not both.")
    if single and single.get("InstanceType"):
        raise ValidationException("Specification.InstanceType is for Specifications, one for each instance type.")
    if single:
        chosen: Params = single
        return chosen
    if not several:
        raise ValidationException("Specification is missing: what the copies of the inference component run.")
    if len(several) < _LEAST_SPECIFICATIONS:
        raise ValidationException("Specifications needs two entries at least; use Specification for one instance type.")
    for one in several:
        if one.get("InstanceType") == instance_type:
            return one
    raise ValidationException(f"Specifications has none for the instance type {instance_type} of the endpoint.")


def _needs(specification: Params) -> Needs:
    required = specification.get("ComputeResourceRequirements")
    if required is None:
        raise ValidationException("Specification.ComputeResourceRequirements is missing: what one copy needs.")
    return Needs(
        accelerators=required.get("NumberOfAcceleratorDevicesRequired", 0),
        cpu_cores=required.get("NumberOfCpuCoresRequired", 0),
        memory_mib=required["MinMemoryRequiredInMb"],
    )


def _container(hosting: Hosting, specification: Params) -> Mapping[str, Any]:
    name, container = specification.get("ModelName"), specification.get("Container")
    if bool(name) == bool(container):
        raise ValidationException("Specification needs either a ModelName or a Container, and not both.")
    if name:
        model = hosting.models.get(name)
        artifact = {"ArtifactUrl": model.artifact_url} if model.artifact_url else {}
        return {"Image": model.image, "Environment": model.environment, **artifact}
    assert container is not None  # noqa: S101 - one of both is given
    if not container.get("Image"):
        raise ValidationException("Specification.Container.Image is missing: the ECR path of the container image.")
    given: Mapping[str, Any] = container
    return given


def _mounted(hosting: Hosting, specification: Params) -> Mounted | None:
    """What a container finds of the model's files; only a model has uncompressed ones."""
    name = specification.get("ModelName")
    return list_mounted(hosting.place, hosting.models.get(name).container) if name else None


def _description(specification: Params, container: Mapping[str, Any]) -> dict[str, Any]:
    """What DescribeInferenceComponent shows: as it was given, but the image with what it was resolved to.

    AWS resolves a tag to a digest. Nothing is pulled here, so the image resolves to itself.
    """
    image = container["Image"]
    deployed = {"SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": datetime.now(UTC)}
    shown = {key: value for key, value in container.items() if key != "Image"}
    return {**specification, "Container": {"DeployedImage": deployed, **shown}}
