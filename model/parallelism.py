"""Over how many GPUs a model can be spread: tensor parallelism shares attention heads out equally.

Knows shapes and engines' traits, not memory.
"""

from model.engines import EngineTraits
from model.errors import DoesNotFitError
from model.hardware import InstanceType
from model.spec import ModelSpec


def check_parallelism(spec: ModelSpec, *, instance: InstanceType, gpus_per_copy: int, traits: EngineTraits) -> None:
    """Refuse a number of GPUs that the instance does not have or the model cannot be spread over.

    Args:
        spec: the model.
        instance: the instance type.
        gpus_per_copy: the GPUs of one copy.
        traits: what the engine can do.

    Raises:
        DoesNotFitError: the error says which numbers go.
    """
    if not 1 <= gpus_per_copy <= instance.gpus:
        raise DoesNotFitError(
            f"gpus_per_copy is {gpus_per_copy}.", remedy=f"{instance.name} has {instance.gpus} GPU(s): 1 to that many."
        )
    allowed = list_gpu_counts(spec, most=instance.gpus, traits=traits)
    if gpus_per_copy not in allowed:
        raise DoesNotFitError(
            f"{spec.model_id} cannot be spread over {gpus_per_copy} GPUs: its {spec.attention_heads} attention and "
            f"{spec.kv_heads} key/value heads are shared out equally.",
            remedy=f"Set gpus_per_copy to one of {', '.join(map(str, allowed))}.",
        )


def list_gpu_counts(spec: ModelSpec, *, most: int, traits: EngineTraits) -> tuple[int, ...]:
    """Return the numbers of GPUs that a model can be spread over, from one up."""
    return tuple(gpus for gpus in range(1, most + 1) if _shares_heads(spec, gpus, traits))


def _shares_heads(spec: ModelSpec, gpus: int, traits: EngineTraits) -> bool:
    if spec.attention_heads % gpus:
        return False
    return spec.kv_heads % gpus == 0 or (traits.repeats_kv_heads and gpus % spec.kv_heads == 0)
