"""What would fit instead: the smallest instance, the quantization, the context. For refusals; decides nothing."""

from collections.abc import Iterator
from dataclasses import replace
from math import inf

from model.derived_limits import derive_limits
from model.engines import Engine, traits_of
from model.errors import DoesNotFitError
from model.hardware import InstanceType, instance_types
from model.limits import ServingLimits
from model.parallelism import list_gpu_counts
from model.room import has_room
from model.spec import ModelSpec, Quantization

# A copy spread over three or five GPUs leaves the others of an instance idle.
_COMMON_GPU_COUNTS = (1, 2, 4, 8)
_LEAST_AT_ONCE = 2


def describe_what_fits(
    spec: ModelSpec,
    limits: ServingLimits,
    *,
    instance: InstanceType,
    gpus_per_copy: int,
    engine: Engine,
    kv_tokens: int | None,
) -> str:
    """Say what would fit, in one sentence for the end of a refusal.

    Args:
        spec: the model.
        limits: the limits that do not fit.
        instance: the instance type that they do not fit.
        gpus_per_copy: the GPUs of one copy.
        engine: what runs the model.
        kv_tokens: the tokens that there is room for; None where GPU memory is not what lacks.
    """
    suggestions = []
    smallest = find_smallest(spec, limits, engine=engine)
    if smallest is not None:
        found, gpus = smallest
        suggestions.append(f"instance_type={found.name} with gpus_per_copy={gpus} (the smallest that fits)")
    if kv_tokens is not None:
        if kv_tokens >= max(limits.max_batch_prefill_tokens, _LEAST_AT_ONCE * limits.max_total_tokens):
            suggestions.append(f"max_batch_total_tokens of at most {kv_tokens}")
        else:
            suggestions += _suggest_context(spec, limits, instance, gpus_per_copy, engine)
        suggestions += _suggest_quantization(spec, limits, instance, gpus_per_copy, engine)
    if not suggestions:
        return "No known instance type holds it: lower the limits, or quantize."
    return f"What fits: {', or '.join(suggestions)}."


def find_smallest(spec: ModelSpec, limits: ServingLimits, *, engine: Engine) -> tuple[InstanceType, int] | None:
    """Return the smallest instance type that holds a copy, by GPU memory, main memory and price, and its GPU count."""
    by_size = sorted(
        instance_types(),
        key=lambda i: (i.gpus * i.gpu.memory_mib, i.host_memory_mib, inf if i.usd_per_hour is None else i.usd_per_hour),
    )
    for instance in by_size:
        for gpus in list_common_gpu_counts(spec, instance=instance, engine=engine):
            if has_room(spec, limits, instance=instance, gpus_per_copy=gpus, engine=engine):
                return instance, gpus
    return None


def list_common_gpu_counts(spec: ModelSpec, *, instance: InstanceType, engine: Engine) -> tuple[int, ...]:
    """Return the numbers of GPUs that are worth a try on an instance."""
    possible = list_gpu_counts(spec, most=instance.gpus, traits=traits_of(engine))
    return tuple(gpus for gpus in possible if gpus in _COMMON_GPU_COUNTS)


def list_on_load_quantizations(engine: Engine) -> tuple[Quantization, ...]:
    """Return the formats that the engine makes of plain weights while it loads them."""
    return tuple(one for one in Quantization if one.on_load and one in traits_of(engine).quantizations)


def _suggest_context(
    spec: ModelSpec, limits: ServingLimits, instance: InstanceType, gpus_per_copy: int, engine: Engine
) -> Iterator[str]:
    try:
        derived = derive_limits(
            spec,
            instance=instance,
            gpus_per_copy=gpus_per_copy,
            engine=engine,
            longest_requests_at_once=_LEAST_AT_ONCE,
        )
    except DoesNotFitError:
        return
    if derived.max_total_tokens < limits.max_total_tokens:
        yield (
            f"max_total_tokens of at most {derived.max_total_tokens} with max_input_tokens and "
            f"max_batch_prefill_tokens of {derived.max_input_tokens} and max_batch_total_tokens of "
            f"{derived.max_batch_total_tokens}"
        )


def _suggest_quantization(
    spec: ModelSpec, limits: ServingLimits, instance: InstanceType, gpus_per_copy: int, engine: Engine
) -> Iterator[str]:
    if spec.quantization is not None:
        return
    for quantization in list_on_load_quantizations(engine):
        quantized = replace(spec, quantization=quantization)
        if has_room(quantized, limits, instance=instance, gpus_per_copy=gpus_per_copy, engine=engine):
            yield f"quantization={quantization} ({quantization.bits}-bit weights)"
            return
