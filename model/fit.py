"""Does a deployment fit? Answered in milliseconds, before anything is created.

Takes a spec, limits, an instance type, an engine and the numbers of copies; returns what a component must ask for, or
refuses and says what would fit. Rests on memory.py for bytes, on parallelism.py for GPUs and on hardware.py for what
there is; knows nothing of environments or of stacks. How fast it is: roofline.py. What it costs: cost.py.
"""

from dataclasses import dataclass
from math import ceil

from model.engines import Engine, check_support, traits_of
from model.errors import DoesNotFitError
from model.hardware import InstanceType
from model.limits import ServingLimits
from model.memory import count_cpu_cores, count_host_mib, count_kv_tokens
from model.parallelism import check_parallelism
from model.room import count_copies_per_instance
from model.spec import ModelSpec
from model.suggestions import describe_what_fits


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
        notes: what holds and is easily overlooked, in whole sentences for people.
    """

    gpus_per_copy: int
    kv_tokens: int
    host_memory_mib: int
    cpu_cores: int
    copies_per_instance: int
    min_instances: int
    max_instances: int
    notes: tuple[str, ...] = ()


def check_fit(
    *,
    spec: ModelSpec,
    limits: ServingLimits,
    instance: InstanceType,
    gpus_per_copy: int,
    min_copies: int,
    max_copies: int,
    max_instances: int | None = None,
    engine: Engine = Engine.TGI,
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
        engine: what runs the model.

    Raises:
        DoesNotFitError: it does not fit; the error says what would.
        InvalidLimitsError: one request could fill the whole batch, the model has fewer positions, or the engine would
            refuse to start.
        UnsupportedModelError: the engine does not serve the model.
    """
    check_support(engine, spec)
    limits.check_against(spec)
    limits.check_sharing()
    if traits_of(engine).passes_hold_requests:
        limits.check_passes()
    check_parallelism(spec, instance=instance, gpus_per_copy=gpus_per_copy, traits=traits_of(engine))
    kv_tokens = _check_gpu_memory(spec, limits, instance, gpus_per_copy, engine)
    copies_per_instance = _check_host(spec, limits, instance, gpus_per_copy, engine)
    needed = ceil(max_copies / copies_per_instance)
    with_update = ceil((max_copies + 1) / copies_per_instance)
    if max_instances is None:
        max_instances = with_update
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
        notes=_collect_notes(min_copies=min_copies, spare_instances=max_instances - with_update),
    )


def _check_gpu_memory(
    spec: ModelSpec, limits: ServingLimits, instance: InstanceType, gpus_per_copy: int, engine: Engine
) -> int:
    """Return the tokens that the KV cache has room for."""
    kv_tokens = count_kv_tokens(
        spec,
        gpu=instance.gpu,
        gpus=gpus_per_copy,
        prefill_tokens=limits.max_batch_prefill_tokens,
        request_tokens=limits.max_total_tokens,
        frees_windows=traits_of(engine).frees_windows,
    )
    if kv_tokens < limits.max_batch_total_tokens:
        raise DoesNotFitError(
            f"{spec.model_id} on {gpus_per_copy} GPU(s) of {instance.name} ({instance.gpu.memory_mib} MiB each) leaves "
            + (f"room for {kv_tokens} tokens" if kv_tokens > 0 else "no room for any token")
            + f"; max_batch_total_tokens is {limits.max_batch_total_tokens}.",
            remedy=describe_what_fits(
                spec, limits, instance=instance, gpus_per_copy=gpus_per_copy, engine=engine, kv_tokens=kv_tokens
            ),
        )
    return kv_tokens


def _check_host(
    spec: ModelSpec, limits: ServingLimits, instance: InstanceType, gpus_per_copy: int, engine: Engine
) -> int:
    """Return the copies that one instance holds."""
    copies = count_copies_per_instance(spec, instance=instance, gpus_per_copy=gpus_per_copy)
    if copies < 1:
        raise DoesNotFitError(
            f"a copy of {spec.model_id} reserves {count_host_mib(spec, gpus=gpus_per_copy)} MiB of main memory and "
            f"{count_cpu_cores(gpus=gpus_per_copy)} cores; {instance.name} has {instance.host_memory_mib} MiB and "
            f"{instance.vcpus} cores, a part of them SageMaker's own.",
            remedy=describe_what_fits(
                spec, limits, instance=instance, gpus_per_copy=gpus_per_copy, engine=engine, kv_tokens=None
            ),
        )
    return copies


def _collect_notes(*, min_copies: int, spare_instances: int) -> tuple[str, ...]:
    notes = []
    if min_copies == 0:
        # https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html
        notes.append(
            "min_copies is 0: the endpoint sleeps when nobody asks, and requests fail until an instance is there again "
            "and the weights are loaded, which takes minutes. Clients have to try again."
        )
    if spare_instances < 0:
        notes.append(
            "max_instances leaves no room for a copy more: at max_copies a rolling update cannot start the new copy "
            "before the old one is gone."
        )
    return tuple(notes)
