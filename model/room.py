"""Whether an instance has room for a copy, as a yes or a number: the question that fit.py and its suggestions share."""

from collections.abc import Iterable
from dataclasses import dataclass

from model.engines import Engine, traits_of
from model.hardware import InstanceType
from model.limits import ServingLimits
from model.memory import count_cpu_cores, count_host_mib, count_kv_tokens
from model.parallelism import list_gpu_counts
from model.spec import ModelSpec

# The part of an instance's main memory that components may reserve: the rest is SageMaker's own. An assumption on the
# safe side; AWS publishes no figure.
_USABLE_HOST_SHARE = 0.9
_USABLE_CORES_LESS = 1


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What one copy reserves of an instance.

    Attributes:
        gpus: GPUs.
        host_mib: main memory.
        cores: processor cores.
    """

    gpus: int
    host_mib: int
    cores: int


def count_instances(copies: Iterable[Needs], *, instance: InstanceType) -> int:
    """Return how many instances copies of any size need: the largest are placed first, each where it fits first.

    Args:
        copies: each of them fits an empty instance.
        instance: the type of all instances.
    """
    placed: list[list[Needs]] = []
    for copy in sorted(copies, key=lambda one: (one.gpus, one.host_mib, one.cores), reverse=True):
        target = next((there for there in placed if _fits([*there, copy], instance)), None)
        if target is None:
            placed.append([copy])
        else:
            target.append(copy)
    return len(placed)


def _fits(copies: list[Needs], instance: InstanceType) -> bool:
    return (
        sum(one.gpus for one in copies) <= instance.gpus
        and sum(one.host_mib for one in copies) <= int(instance.host_memory_mib * _USABLE_HOST_SHARE)
        and sum(one.cores for one in copies) <= instance.vcpus - _USABLE_CORES_LESS
    )


def count_copies_per_instance(spec: ModelSpec, *, instance: InstanceType, gpus_per_copy: int) -> int:
    """Return how many copies an instance has GPUs, main memory and cores for; GPU memory is not looked at."""
    return min(
        instance.gpus // gpus_per_copy,
        int(instance.host_memory_mib * _USABLE_HOST_SHARE) // count_host_mib(spec, gpus=gpus_per_copy),
        (instance.vcpus - _USABLE_CORES_LESS) // count_cpu_cores(gpus=gpus_per_copy),
    )


def has_room(
    spec: ModelSpec, limits: ServingLimits, *, instance: InstanceType, gpus_per_copy: int, engine: Engine
) -> bool:
    """Return whether a copy with these limits fits the instance."""
    traits = traits_of(engine)
    if spec.quantization is not None and spec.quantization not in traits.quantizations:
        return False
    if gpus_per_copy not in list_gpu_counts(spec, most=instance.gpus, traits=traits):
        return False
    kv_tokens = count_kv_tokens(
        spec,
        gpu=instance.gpu,
        gpus=gpus_per_copy,
        prefill_tokens=limits.max_batch_prefill_tokens,
        request_tokens=limits.max_total_tokens,
        frees_windows=traits.frees_windows,
    )
    if kv_tokens < limits.max_batch_total_tokens:
        return False
    return count_copies_per_instance(spec, instance=instance, gpus_per_copy=gpus_per_copy) >= 1
