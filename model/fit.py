"""Does a deployment fit? Answered in milliseconds, before anything is created.

Takes a spec, limits, an instance type and the numbers of copies; returns what a component must ask for, or refuses and
says what would fit. Rests on memory.py for bytes and on hardware.py for what there is; knows nothing of engines'
environments or of stacks. How fast it would be is not answered here.
"""

from dataclasses import dataclass, replace
from math import ceil, inf

from model.errors import DoesNotFitError
from model.hardware import InstanceType, instance_types
from model.limits import ServingLimits
from model.memory import count_cpu_cores, count_host_mib, count_kv_tokens
from model.spec import ModelSpec, Quantization

# The part of an instance's main memory that components may reserve: the rest is SageMaker's own. An assumption on the
# safe side; AWS publishes no figure.
_USABLE_HOST_SHARE = 0.9
_USABLE_CORES_LESS = 1

_TENSOR_PARALLEL_SIZES = (1, 2, 4, 8)


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What a deployment takes up.

    Attributes:
        gpus_per_copy: GPUs of one copy.
        kv_tokens: tokens that the KV cache of one copy has room for; at least `max_batch_total_tokens`.
        host_memory_mib: main memory that one copy reserves.
        cpu_cores: processor cores that one copy reserves.
        copies_per_instance: copies that one instance holds.
        min_instances: instances that the least number of copies needs.
        max_instances: instances that the endpoint may grow to.
    """

    gpus_per_copy: int
    kv_tokens: int
    host_memory_mib: int
    cpu_cores: int
    copies_per_instance: int
    min_instances: int
    max_instances: int


def check_fit(
    *,
    spec: ModelSpec,
    limits: ServingLimits,
    instance: InstanceType,
    gpus_per_copy: int,
    min_copies: int,
    max_copies: int,
    max_instances: int | None = None,
) -> Fit:
    """Return what the deployment takes up.

    Args:
        spec: the model.
        limits: what one copy takes on.
        instance: the instance type of the endpoint.
        gpus_per_copy: how many GPUs one copy is spread over.
        min_copies: the copies that are always there; 0 lets the endpoint sleep.
        max_copies: the copies that it may grow to.
        max_instances: the instances that it may grow to. None takes what `max_copies` need and room for one copy more,
            which a rolling update starts before it stops an old one.

    Raises:
        DoesNotFitError: it does not fit; the error says what would.
    """
    _check_parallelism(spec, instance, gpus_per_copy)
    kv_tokens = count_kv_tokens(
        spec, gpu=instance.gpu, gpus=gpus_per_copy, prefill_tokens=limits.max_batch_prefill_tokens
    )
    if kv_tokens < limits.max_batch_total_tokens:
        raise DoesNotFitError(
            f"{spec.model_id} on {gpus_per_copy} GPU(s) of {instance.name} ({instance.gpu.memory_mib} MiB each) leaves "
            + (f"room for {kv_tokens} tokens" if kv_tokens > 0 else "no room for any token")
            + f"; max_batch_total_tokens is {limits.max_batch_total_tokens}.",
            remedy=_suggest(spec, limits, instance, gpus_per_copy, kv_tokens),
        )
    copies_per_instance = _count_copies_per_instance(spec, instance, gpus_per_copy)
    if copies_per_instance < 1:
        raise DoesNotFitError(
            f"a copy of {spec.model_id} reserves {count_host_mib(spec, gpus=gpus_per_copy)} MiB of main memory and "
            f"{count_cpu_cores(gpus=gpus_per_copy)} cores; {instance.name} has {instance.host_memory_mib} MiB and "
            f"{instance.vcpus} cores, a part of them SageMaker's own.",
            remedy=_suggest(spec, limits, instance, gpus_per_copy, kv_tokens),
        )
    needed = ceil(max_copies / copies_per_instance)
    if max_instances is None:
        max_instances = ceil((max_copies + 1) / copies_per_instance)
    elif max_instances < needed:
        raise DoesNotFitError(
            f"{max_copies} copies of {gpus_per_copy} GPU(s) need {needed} x {instance.name}; max_instances is "
            f"{max_instances}.",
            remedy=f"Raise max_instances to {needed}, or lower max_copies to {max_instances * copies_per_instance}.",
        )
    return Fit(
        gpus_per_copy=gpus_per_copy,
        kv_tokens=kv_tokens,
        host_memory_mib=count_host_mib(spec, gpus=gpus_per_copy),
        cpu_cores=count_cpu_cores(gpus=gpus_per_copy),
        copies_per_instance=copies_per_instance,
        min_instances=ceil(min_copies / copies_per_instance),
        max_instances=max_instances,
    )


def _check_parallelism(spec: ModelSpec, instance: InstanceType, gpus_per_copy: int) -> None:
    if not 1 <= gpus_per_copy <= instance.gpus:
        raise DoesNotFitError(
            f"gpus_per_copy is {gpus_per_copy}.", remedy=f"{instance.name} has {instance.gpus} GPU(s): 1 to that many."
        )
    if not _divides_heads(spec, gpus_per_copy):
        allowed = ", ".join(str(n) for n in range(1, instance.gpus + 1) if _divides_heads(spec, n))
        raise DoesNotFitError(
            f"{spec.model_id} cannot be spread over {gpus_per_copy} GPUs: its {spec.attention_heads} attention and "
            f"{spec.kv_heads} key/value heads are shared out equally.",
            remedy=f"Set gpus_per_copy to one of {allowed}.",
        )


def _divides_heads(spec: ModelSpec, gpus: int) -> bool:
    return spec.attention_heads % gpus == 0 and spec.kv_heads % gpus == 0


def _count_copies_per_instance(spec: ModelSpec, instance: InstanceType, gpus_per_copy: int) -> int:
    return min(
        instance.gpus // gpus_per_copy,
        int(instance.host_memory_mib * _USABLE_HOST_SHARE) // count_host_mib(spec, gpus=gpus_per_copy),
        (instance.vcpus - _USABLE_CORES_LESS) // count_cpu_cores(gpus=gpus_per_copy),
    )


def _suggest(spec: ModelSpec, limits: ServingLimits, instance: InstanceType, gpus_per_copy: int, kv_tokens: int) -> str:
    """Say what would fit: the smallest instance; fewer tokens, or quantized weights, where that is enough."""
    suggestions = []
    smallest = _find_smallest(spec, limits)
    if smallest is not None:
        found, gpus = smallest
        suggestions.append(f"instance_type={found.name} with gpus_per_copy={gpus} (the smallest that fits)")
    if limits.max_batch_prefill_tokens < kv_tokens < limits.max_batch_total_tokens:
        suggestions.append(f"max_batch_total_tokens of at most {kv_tokens} (and max_total_tokens within it)")
    if spec.quantization is None and _holds(
        replace(spec, quantization=Quantization.EETQ), limits, instance, gpus_per_copy
    ):
        suggestions.append(f"quantization={Quantization.EETQ} (8-bit weights)")
    if not suggestions:
        return "No known instance type holds it: lower the limits, or quantize."
    return f"What fits: {', or '.join(suggestions)}."


def _find_smallest(spec: ModelSpec, limits: ServingLimits) -> tuple[InstanceType, int] | None:
    """Return the smallest instance type that holds a copy, by GPU memory, main memory and price, and its GPU count."""
    by_size = sorted(
        instance_types(),
        key=lambda i: (i.gpus * i.gpu.memory_mib, i.host_memory_mib, inf if i.usd_per_hour is None else i.usd_per_hour),
    )
    for instance in by_size:
        for gpus in _TENSOR_PARALLEL_SIZES:
            if gpus <= instance.gpus and _divides_heads(spec, gpus) and _holds(spec, limits, instance, gpus):
                return instance, gpus
    return None


def _holds(spec: ModelSpec, limits: ServingLimits, instance: InstanceType, gpus_per_copy: int) -> bool:
    kv_tokens = count_kv_tokens(
        spec, gpu=instance.gpu, gpus=gpus_per_copy, prefill_tokens=limits.max_batch_prefill_tokens
    )
    return kv_tokens >= limits.max_batch_total_tokens and _count_copies_per_instance(spec, instance, gpus_per_copy) >= 1
