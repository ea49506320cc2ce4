"""What a container must be told so that an engine serves a model within its limits.

An engine is a value: the image and the environment follow from it, and nothing else in the project asks which one it
is. No secret ever goes into the environment; weights that need a token come from S3.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from model.errors import EnvironmentTooLargeError, GatedModelError, UnknownEngineError
from model.images import Image, find_image
from model.limits import ServingLimits
from model.spec import Dtype, ModelSpec

# Where SageMaker puts the files of a model that has a data source.
_WEIGHTS_FOLDER = "/opt/ml/model"

# The strictest of SageMaker's limits on an environment: those of an inference component's container.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InferenceComponentContainerSpecification.html
_MAX_ENTRIES = 16
_MAX_CHARACTERS = 1024


class Engine(StrEnum):
    """What runs the model."""

    TGI = "tgi"


@dataclass(frozen=True, kw_only=True)
class Container:
    """What SageMaker is asked to run.

    Attributes:
        image: the engine's image of the region.
        environment: every variable of the container, in the order in which it is written.
    """

    image: Image
    environment: Mapping[str, str]


def find_engine(name: str) -> Engine:
    """Return an engine by its name.

    Raises:
        UnknownEngineError: there is none of that name; the error lists what there is.
    """
    try:
        return Engine(name)
    except ValueError:
        raise UnknownEngineError(name, known=tuple(Engine)) from None


def describe_container(
    *, engine: Engine, spec: ModelSpec, limits: ServingLimits, region: str, gpus_per_copy: int
) -> Container:
    """Return the image and the environment that serve a model.

    Args:
        engine: what runs the model.
        spec: the model.
        limits: what one copy takes on.
        region: where it runs: the image comes from there.
        gpus_per_copy: how many GPUs the weights are spread over.

    Raises:
        NoImageError: the region has no image of the engine.
        InvalidLimitsError: the model has fewer positions than the limits ask for.
        GatedModelError: the weights would have to be downloaded with a token.
        EnvironmentTooLargeError: SageMaker would refuse the environment.
    """
    limits.check_against(spec)
    if spec.gated and spec.s3_uri is None:
        raise GatedModelError(
            f"model {spec.model_id!r} is gated: the hub asks for a token, and a container is given no secret.",
            remedy="Copy its weights to S3 once with your own token and set s3_uri=s3://BUCKET/PREFIX/.",
        )
    environment = _ENVIRONMENTS[engine](spec, limits, gpus_per_copy)
    _check_size(environment)
    return Container(image=find_image(engine=engine, region=region), environment=MappingProxyType(environment))


def _describe_tgi(spec: ModelSpec, limits: ServingLimits, gpus_per_copy: int) -> dict[str, str]:
    """Return TGI's environment: its SageMaker entry point maps HF_* and SM_NUM_GPUS, the launcher reads the rest."""
    if spec.s3_uri is None:
        environment = {"HF_MODEL_ID": spec.model_id, "HF_MODEL_REVISION": spec.revision}
    else:
        environment = {"HF_MODEL_ID": _WEIGHTS_FOLDER, "HF_HUB_OFFLINE": "1"}
    if spec.quantization is not None:
        environment["HF_MODEL_QUANTIZE"] = spec.quantization.value
    elif spec.dtype is Dtype.BFLOAT16:
        # TGI's default is float16 for most models, which overflows where bfloat16 did not. It may not go with QUANTIZE.
        environment["DTYPE"] = spec.dtype.value
    return environment | {
        "SM_NUM_GPUS": str(gpus_per_copy),
        "MAX_INPUT_TOKENS": str(limits.max_input_tokens),
        "MAX_TOTAL_TOKENS": str(limits.max_total_tokens),
        "MAX_BATCH_PREFILL_TOKENS": str(limits.max_batch_prefill_tokens),
        "MAX_BATCH_TOTAL_TOKENS": str(limits.max_batch_total_tokens),
        "MAX_CONCURRENT_REQUESTS": str(limits.max_concurrent_requests),
        "USAGE_STATS": "off",
    }


_ENVIRONMENTS: Mapping[Engine, Callable[[ModelSpec, ServingLimits, int], dict[str, str]]] = MappingProxyType(
    {Engine.TGI: _describe_tgi}
)


def _check_size(environment: Mapping[str, str]) -> None:
    if len(environment) > _MAX_ENTRIES:
        raise EnvironmentTooLargeError(
            f"the container's environment has {len(environment)} entries.", remedy=f"SageMaker takes {_MAX_ENTRIES}."
        )
    for name, value in environment.items():
        if len(value) > _MAX_CHARACTERS:
            raise EnvironmentTooLargeError(
                f"{name} has {len(value)} characters.", remedy=f"SageMaker takes {_MAX_CHARACTERS} in one entry."
            )
