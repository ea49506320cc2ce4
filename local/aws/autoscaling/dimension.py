"""What can be scaled: the dimensions of SageMaker and ECS, and the resource ids that go with them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from local.aws.wire.errors import ValidationException
from local.aws.wire.place import Place

_NAME = r"[a-zA-Z0-9](?:-*[a-zA-Z0-9])*"


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """One thing of a resource that can be scaled.

    Attributes:
        name: as in ScalableDimension.
        resource_id: the form of ResourceId; its groups name what CloudWatch's dimensions are made of.
        noun: for error texts.
        role: the service-linked role that scales it.
    """

    name: str
    resource_id: re.Pattern[str]
    noun: str
    role: str


_SAGEMAKER_ROLE = (
    "sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)
COPIES = Dimension(
    name="sagemaker:inference-component:DesiredCopyCount",
    resource_id=re.compile(f"inference-component/(?P<InferenceComponentName>{_NAME})"),
    noun="Inference component",
    role=_SAGEMAKER_ROLE,
)
VARIANT_INSTANCES = Dimension(
    name="sagemaker:variant:DesiredInstanceCount",
    resource_id=re.compile(f"endpoint/(?P<EndpointName>{_NAME})/variant/(?P<VariantName>{_NAME})"),
    noun="Endpoint variant",
    role=_SAGEMAKER_ROLE,
)
TASKS = Dimension(
    name="ecs:service:DesiredCount",
    resource_id=re.compile(r"service/(?P<ClusterName>[\w-]+)/(?P<ServiceName>[\w-]+)"),
    noun="ECS service",
    role="ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
)
_DIMENSIONS = {dimension.name: dimension for dimension in (COPIES, VARIANT_INSTANCES, TASKS)}

# Whether a resource exists, by place and by the parts of its id.
Exists = Callable[[Place, Mapping[str, str]], bool]


@dataclass(frozen=True, kw_only=True)
class TargetKey:
    """What identifies a scalable target in a place."""

    namespace: str
    resource_id: str
    dimension: str

    def __str__(self) -> str:
        return (
            f"service namespace: {self.namespace}, resource ID: {self.resource_id}, "
            f"scalable dimension: {self.dimension}"
        )

    @property
    def scaled(self) -> Dimension:
        """What is scaled."""
        return _DIMENSIONS[self.dimension]

    @property
    def parts(self) -> Mapping[str, str]:
        """The parts of the resource id, by CloudWatch's names of them."""
        match = self.scaled.resource_id.fullmatch(self.resource_id)
        return match.groupdict() if match else {}


def read_key(params: Mapping[str, str]) -> TargetKey:
    """Read what a request is about.

    Raises:
        ValidationException: namespace, resource id and dimension do not go together, or not here.
    """
    key = TargetKey(
        namespace=params["ServiceNamespace"], resource_id=params["ResourceId"], dimension=params["ScalableDimension"]
    )
    dimension = _DIMENSIONS.get(key.dimension)
    if dimension is None:
        raise ValidationException(
            f"This local AWS does not scale {key.dimension}. It has: {', '.join(sorted(_DIMENSIONS))}."
        )
    if not key.dimension.startswith(f"{key.namespace}:") or not dimension.resource_id.fullmatch(key.resource_id):
        raise ValidationException(f"Unsupported service namespace, resource type or scalable dimension: {key}.")
    return key
