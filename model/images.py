"""Which container image an engine has in a region.

The table is images.json, written by refresh_images.py from the SageMaker SDK's own and never by hand. AWS publishes
these images per region, from accounts of its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from model.errors import ModelError, NoImageError

# The newest CUDA that each inference AMI's driver runs (NVIDIA 535, 550 and 580), from old to new, by the documentation
# of ProductionVariant.InferenceAmiVersion.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
_AMI_BY_CUDA = (
    ((12, 2), "al2-ami-sagemaker-inference-gpu-2"),
    ((12, 4), "al2-ami-sagemaker-inference-gpu-3-1"),
    ((13, 0), "al2023-ami-sagemaker-inference-gpu-4-1"),
)


@dataclass(frozen=True, kw_only=True)
class Image:
    """One engine's image in one region.

    Attributes:
        account_id: the AWS account that publishes it there.
        region: where it is.
        registry: the host that serves it.
        repository: its name in that registry.
        tag: which build.
        cuda: the CUDA version it was built for, as (major, minor).
    """

    account_id: str
    region: str
    registry: str
    repository: str
    tag: str
    cuda: tuple[int, int]

    @property
    def uri(self) -> str:
        """What a SageMaker model names."""
        return f"{self.registry}/{self.repository}:{self.tag}"

    @property
    def inference_ami(self) -> str:
        """The oldest inference AMI whose driver runs this image.

        Raises:
            ModelError: there is none yet.
        """
        for cuda, ami in _AMI_BY_CUDA:
            if cuda >= self.cuda:
                return ami
        raise ModelError(
            f"image {self.uri} needs CUDA {self.cuda[0]}.{self.cuda[1]}.",
            remedy="The newest inference AMI runs CUDA {}.{}.".format(*_AMI_BY_CUDA[-1][0]),
        )


def find_image(*, engine: str, region: str) -> Image:
    """Return the image of an engine in a region.

    Args:
        engine: the engine's name, a key of the table.
        region: an AWS region, as `eu-west-1`.

    Raises:
        NoImageError: AWS publishes none there; the error lists where it does.
    """
    entry = _table()[engine]
    registries = entry["registries"]
    if region not in registries:
        raise NoImageError(engine=engine, region=region, available=tuple(registries))
    major, minor = entry["cuda"].split(".")
    return Image(
        account_id=registries[region].partition(".")[0],
        region=region,
        registry=registries[region],
        repository=entry["repository"],
        tag=entry["tag"],
        cuda=(int(major), int(minor)),
    )


def is_published(registry: str, repository: str, tag: str) -> bool:
    """Whether AWS has published an image, in any version of an engine, in that registry."""
    entries = [entry for entry in _table().values() if entry["repository"] == repository]
    return any(registry in entry["registries"].values() and tag in entry["published_tags"] for entry in entries)


def list_regions(*, engine: str) -> tuple[str, ...]:
    """Return the regions that have an image of the engine."""
    return tuple(_table()[engine]["registries"])


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    table: Mapping[str, Mapping[str, Any]] = json.loads(
        files("model").joinpath("images.json").read_text(encoding="utf-8")
    )["images"]
    return table
