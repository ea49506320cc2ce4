"""Whether an instance has room for a copy, as a yes or a number: the question that fit.py and its suggestions share."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

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
    """What one copy reserves of an instance, or what is left of one.

    Attributes:
        gpus: GPUs.
        host_mib: main memory.
        cores: processor cores.
    """

    gpus: int
    host_mib: int
    cores: int

    def holds(self, other: "Needs") -> int:
        """Return how many times another fits into this."""
        return min(self.gpus // other.gpus, self.host_mib // other.host_mib, self.cores // other.cores)

    def without(self, other: "Needs", times: int) -> "Needs":
        """Return what is left of this when another is taken away several times."""
        return Needs(
            gpus=self.gpus - times * other.gpus,
            host_mib=self.host_mib - times * other.host_mib,
            cores=self.cores - times * other.cores,
        )


def count_instances(copies: Iterable[tuple[Needs, int]], *, instance: InstanceType) -> int:
    """Return how many instances copies of any size need: the largest are placed first, each where it fits first.

    Args:
        copies: what one copy needs and how many there are of it; each of them fits an empty instance.
        instance: the type of all instances.
    """
    # What is left of the instances in use, in their order, and how many in a row have it left: copies by the thousand
    # take no longer than two.
    used: list[tuple[Needs, int]] = []
    for needs, count in sorted(copies, key=lambda one: (one[0].gpus, one[0].host_mib, one[0].cores), reverse=True):
        placed: list[tuple[Needs, int]] = []
        left = count
        for room, instances in used:
            taken = min(left, room.holds(needs) * instances)
            placed += _place(needs, taken, room=room, instances=instances)
            left -= taken
        if left:
            empty = _empty(instance)
            placed += _place(needs, left, room=empty, instances=ceil(left / empty.holds(needs)))
        used = placed
    return sum(instances for _, instances in used)


def _place(needs: Needs, count: int, *, room: Needs, instances: int) -> list[tuple[Needs, int]]:
    """Return what is left of instances that are alike when copies are placed on them, one instance after the other."""
    most = room.holds(needs)
    full, rest = divmod(count, most) if most else (0, 0)
    left = [(room.without(needs, most), full), (room.without(needs, rest), 1 if rest else 0)]
    return [one for one in (*left, (room, instances - full - (1 if rest else 0))) if one[1]]


def _empty(instance: InstanceType) -> Needs:
    return Needs(
        gpus=instance.gpus,
        host_mib=int(instance.host_memory_mib * _USABLE_HOST_SHARE),
        cores=instance.vcpus - _USABLE_CORES_LESS,
    )


def count_copies_per_instance(spec: ModelSpec, *, instance: InstanceType, gpus_per_copy: int) -> int:
    """Return how many copies an instance has GPUs, main memory and cores for; GPU memory is not looked at."""
    copy = Needs(
        gpus=gpus_per_copy,
        host_mib=count_host_mib(spec, gpus=gpus_per_copy),
        cores=count_cpu_cores(gpus=gpus_per_copy),
    )
    return _empty(instance).holds(copy)


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
