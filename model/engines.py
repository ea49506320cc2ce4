"""What runs a model: the engines there are, what each can do, and the container that serves a model with it.

An engine is a value: image and environment follow from it, and what it can do is in its traits. Nothing else in the
project asks which one it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from model.adapter import HubAdapter, S3Adapter
from model.environments import describe_tgi, describe_vllm
from model.errors import EnvironmentTooLargeError, GatedModelError, UnknownEngineError, UnsupportedModelError
from model.images import Image, find_image
from model.limits import ServingLimits
from model.spec import ModelSpec, Quantization

# The strictest of SageMaker's limits on an environment: those of an inference component's container.
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InferenceComponentContainerSpecification.html
_MAX_ENTRIES = 16
_MAX_CHARACTERS = 1024


class Engine(StrEnum):
    """What runs the model."""

    TGI = "tgi"
    VLLM = "vllm"


@dataclass(frozen=True, kw_only=True)
class EngineTraits:
    """What an engine can do, as far as fit depends on it.

    Attributes:
        model_types: the architectures it serves, of those that are reckoned here, by their names in config.json.
        quantizations: the formats it serves.
        frees_windows: whether the KV cache of sliding layers is given back once it is out of the window.
        repeats_kv_heads: whether a model may be spread over more GPUs than it has key/value heads, each head then being
            held more than once.
        passes_hold_requests: whether what is read in one pass has to hold a token of each request at least.
        adapters: how it comes by LoRA adapters: from the hub when it starts, or from S3 as components of their own.
        adapter_ranks: the ranks that it keeps memory for; None for any.
    """

    model_types: frozenset[str]
    quantizations: frozenset[Quantization]
    frees_windows: bool
    repeats_kv_heads: bool
    passes_hold_requests: bool
    adapters: type[HubAdapter] | type[S3Adapter]
    adapter_ranks: tuple[int, ...] | None = None


_TRAITS: Mapping[Engine, EngineTraits] = MappingProxyType(
    {
        # TGI was archived before Qwen 3 reached its CUDA server; it fails the health check.
        # Its cache has as many blocks in every layer (server/text_generation_server/models/flash_causal_lm.py, v3).
        Engine.TGI: EngineTraits(
            model_types=frozenset({"llama", "mistral", "qwen2", "gemma2", "gemma3_text"}),
            quantizations=frozenset(Quantization),
            frees_windows=False,
            repeats_kv_heads=False,
            passes_hold_requests=False,
            adapters=HubAdapter,
        ),
        # https://docs.vllm.ai/en/latest/design/hybrid_kv_cache_manager/
        Engine.VLLM: EngineTraits(
            model_types=frozenset({"llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3_text"}),
            quantizations=frozenset({Quantization.AWQ, Quantization.GPTQ, Quantization.FP8}),
            frees_windows=True,
            repeats_kv_heads=True,
            passes_hold_requests=True,
            adapters=S3Adapter,
            # MaxLoRARanks in vllm/config/lora.py; it refuses to start with another.
            adapter_ranks=(8, 16, 32, 64, 128, 256, 320, 512),
        ),
    }
)

_ENVIRONMENTS: Mapping[Engine, Callable[[ModelSpec, ServingLimits, int], dict[str, str]]] = MappingProxyType(
    {Engine.TGI: describe_tgi, Engine.VLLM: describe_vllm}
)


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


def traits_of(engine: Engine) -> EngineTraits:
    """Return what an engine can do."""
    return _TRAITS[engine]


def check_support(engine: Engine, spec: ModelSpec) -> None:
    """Refuse a model that the engine does not serve.

    Raises:
        UnsupportedModelError: it does not; the error says which engine does, or which quantization it serves.
    """
    traits = traits_of(engine)
    if spec.model_type not in traits.model_types:
        able = [other.value for other in Engine if spec.model_type in traits_of(other).model_types]
        raise UnsupportedModelError(
            f"engine '{engine}' does not serve {spec.model_id}: its architecture is {spec.model_type!r}.",
            remedy=f"Set engine={able[0]}." if able else f"It serves {', '.join(sorted(traits.model_types))}.",
        )
    if spec.adapter_room:
        _check_adapters(engine, spec)
    if spec.quantization is not None and spec.quantization not in traits.quantizations:
        raise UnsupportedModelError(
            f"engine '{engine}' does not serve quantization '{spec.quantization}'.",
            remedy=f"It serves {', '.join(sorted(traits.quantizations))}.",
        )


def _check_adapters(engine: Engine, spec: ModelSpec) -> None:
    """Refuse adapters that the engine would not get, or not take.

    Which engine takes which: docs/decisions/0009-adapters-on-vllm.md.

    Raises:
        UnsupportedModelError: one is where the engine does not look, or memory is kept in a way it does not know.
    """
    traits = traits_of(engine)
    of_another_kind = [adapter for adapter in spec.adapters if not isinstance(adapter, traits.adapters)]
    if of_another_kind and traits.adapters is HubAdapter:
        raise UnsupportedModelError(
            f"engine '{engine}' loads adapters of the hub when it starts; adapter {of_another_kind[0].adapter_id!r} is "
            "in S3.",
            remedy="Set engine=vllm, which has adapters in S3 as components of their own, or name it "
            "'owner/name@COMMIT'.",
        )
    if of_another_kind:
        raise UnsupportedModelError(
            f"engine '{engine}' has adapters in S3, as components of their own; adapter "
            f"{of_another_kind[0].adapter_id!r} is on the hub.",
            remedy="Put it into S3 as an archive and name it 'NAME=s3://BUCKET/KEY.tar.gz', or set engine=tgi.",
        )
    if traits.adapters is HubAdapter and spec.s3_uri is not None:
        raise UnsupportedModelError(
            f"{spec.model_id} comes from {spec.s3_uri}, which cuts the container off from the hub; its adapters are "
            "there.",
            remedy="Leave out s3_uri, or set engine=vllm, whose adapters are in S3 too.",
        )
    if traits.adapters is HubAdapter and spec.adapter_slots is not None:
        raise UnsupportedModelError(
            f"engine '{engine}' keeps memory for the adapters that it loads when it starts; adapter_slots is "
            f"{spec.adapter_slots}.",
            remedy="Leave it out, or set engine=vllm, which takes adapters while it runs.",
        )
    if traits.adapter_ranks is not None and spec.adapter_rank not in traits.adapter_ranks:
        raise UnsupportedModelError(
            f"engine '{engine}' keeps no memory for adapters of rank {spec.adapter_rank}.",
            remedy=f"Set adapter_rank to the next of {', '.join(map(str, traits.adapter_ranks))}: adapters of a lower "
            "rank fit in.",
        )


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
        UnsupportedModelError: the engine does not serve the model.
        InvalidLimitsError: the model has fewer positions than the limits ask for.
        GatedModelError: the weights would have to be downloaded with a token.
        EnvironmentTooLargeError: SageMaker would refuse the environment.
    """
    check_support(engine, spec)
    limits.check_against(spec)
    if spec.gated and spec.s3_uri is None:
        raise GatedModelError(
            f"model {spec.model_id!r} is gated: the hub asks for a token, and a container is given no secret.",
            remedy="Copy its weights to S3 once with your own token (`twin publish`) and set s3_uri=s3://BUCKET/PREFIX/.",
        )
    environment = _ENVIRONMENTS[engine](spec, limits, gpus_per_copy)
    _check_size(environment)
    return Container(image=find_image(engine=engine, region=region), environment=MappingProxyType(environment))


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
