"""A SageMaker model: an image with its variables, under a name. It runs nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.aws.wire.errors import ValidationException
from local.aws.wire.service import Params

_NOT_HERE = {
    "InferenceExecutionConfig": "inference pipelines",
    "Containers": "inference pipelines: give one container as PrimaryContainer",
}


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model as it was created.

    Attributes:
        name: in the case it was given.
        arn: its ARN.
        definition: the parameters of CreateModel, tags excepted.
        created_at: when.
    """

    name: str
    arn: str
    definition: Mapping[str, Any]
    created_at: datetime

    @property
    def container(self) -> Mapping[str, Any]:
        """Its container, as it was given."""
        container: Mapping[str, Any] = self.definition["PrimaryContainer"]
        return container

    @property
    def image(self) -> str:
        """The container image."""
        image: str = self.container["Image"]
        return image

    @property
    def environment(self) -> Mapping[str, str]:
        """The container's variables."""
        environment: Mapping[str, str] = self.container.get("Environment", {})
        return environment

    @property
    def artifact_url(self) -> str | None:
        """Where its weights are, if not in the image and not on the hub."""
        url: str | None = self.container.get("ModelDataUrl")
        return url

    def describe(self) -> dict[str, Any]:
        """The answer of DescribeModel."""
        return {
            "EnableNetworkIsolation": False,
            **self.definition,
            "ModelArn": self.arn,
            "CreationTime": self.created_at,
        }


def check_model(params: Params) -> None:
    """Refuse what cannot be a model, or not here.

    Raises:
        ValidationException: and what to do instead.
    """
    for name, what in _NOT_HERE.items():
        if params.get(name):
            raise ValidationException(f"This local AWS does not run {what}.")
    container = params.get("PrimaryContainer")
    if not container:
        raise ValidationException("Either PrimaryContainer or Containers must be given: PrimaryContainer is missing.")
    if container.get("ModelPackageName"):
        raise ValidationException("This local AWS has no model packages: give PrimaryContainer.Image.")
    if not container.get("Image"):
        raise ValidationException("PrimaryContainer.Image is missing: the ECR path of the container image.")
