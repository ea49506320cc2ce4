"""What a deployment costs per hour, and what would cost less and still fit.

Instances only, at the on-demand prices of hardware.py, which are dated and of one region; storage, traffic and logs
come on top. Where a price is not known, so is the cost.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

from model.engines import Engine
from model.hardware import InstanceType, instance_types
from model.limits import ServingLimits
from model.roofline import estimate_speed
from model.room import count_copies_per_instance, has_room
from model.sharing import SharedFit
from model.spec import ModelSpec, Quantization
from model.suggestions import list_common_gpu_counts, list_on_load_quantizations


@dataclass(frozen=True, kw_only=True)
class HourlyCost:
    """US dollars per hour.

    Attributes:
        idle_usd: when nobody asks: the instances that are always there.
        serving_usd: with the fewest copies that serve, at least one.
        busiest_usd: with as many copies as scaling may start.
        ceiling_usd: with as many instances as the endpoint may grow to, which an update may need for minutes.
    """

    idle_usd: float
    serving_usd: float
    busiest_usd: float
    ceiling_usd: float


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """Another way to serve the same model within the same limits.

    Attributes:
        instance: the instance type.
        gpus_per_copy: GPUs of one copy.
        quantization: how the weights are served; None as published.
        serving_usd: US dollars per hour with the fewest copies that serve.
        busiest_usd: US dollars per hour with as many copies as scaling may start.
        stream_tokens_per_s: how fast it decodes one stream of the greatest length; cheaper is often slower.
    """

    instance: InstanceType
    gpus_per_copy: int
    quantization: Quantization | None
    serving_usd: float
    busiest_usd: float
    stream_tokens_per_s: float


def reckon_cost(*, fit: SharedFit, instance: InstanceType) -> HourlyCost | None:
    """Return what the models on an endpoint cost per hour; None where the instance's price is not known."""
    price = instance.usd_per_hour
    if price is None:
        return None
    return HourlyCost(
        idle_usd=price * fit.min_instances,
        serving_usd=price * fit.serving_instances,
        busiest_usd=price * fit.busiest_instances,
        ceiling_usd=price * fit.max_instances,
    )


def find_cheaper(
    *,
    spec: ModelSpec,
    limits: ServingLimits,
    engine: Engine,
    min_copies: int,
    max_copies: int,
    than_usd: float | None,
    most: int = 3,
) -> tuple[Alternative, ...]:
    """Return the cheapest ways to serve the same limits with the same copies, the cheapest first.

    Args:
        spec: the model; where it is not quantized, formats that need no other weights are tried too.
        limits: what one copy takes on.
        engine: what runs the model.
        min_copies: the copies that are always there.
        max_copies: the copies that scaling may start.
        than_usd: only what costs less per hour, with the fewest copies that serve; None takes whatever has a price.
        most: how many to return.
    """
    found = [
        alternative
        for alternative in _list_alternatives(spec, limits, engine, min_copies, max_copies)
        if than_usd is None or alternative.serving_usd < than_usd
    ]
    return tuple(sorted(found, key=lambda one: (one.serving_usd, one.busiest_usd, one.quantization is not None))[:most])


def _list_alternatives(
    spec: ModelSpec, limits: ServingLimits, engine: Engine, min_copies: int, max_copies: int
) -> Iterator[Alternative]:
    """Yield per instance type the first way that fits: plain before quantized, few GPUs before many."""
    quantizations: list[Quantization | None] = [spec.quantization]
    if spec.quantization is None:
        quantizations += list_on_load_quantizations(engine)
    for instance in instance_types():
        if instance.usd_per_hour is None:
            continue
        ways = (
            (replace(spec, quantization=quantization), gpus)
            for quantization in quantizations
            for gpus in list_common_gpu_counts(spec, instance=instance, engine=engine)
        )
        for served, gpus in ways:
            if has_room(served, limits, instance=instance, gpus_per_copy=gpus, engine=engine):
                per_instance = count_copies_per_instance(served, instance=instance, gpus_per_copy=gpus)
                yield Alternative(
                    instance=instance,
                    gpus_per_copy=gpus,
                    quantization=served.quantization,
                    serving_usd=instance.usd_per_hour * ceil(max(1, min_copies) / per_instance),
                    busiest_usd=instance.usd_per_hour * ceil(max_copies / per_instance),
                    stream_tokens_per_s=_estimate_stream(served, limits, instance, gpus),
                )
                break


def _estimate_stream(spec: ModelSpec, limits: ServingLimits, instance: InstanceType, gpus: int) -> float:
    return estimate_speed(
        spec,
        gpu=instance.gpu,
        gpus=gpus,
        batch_size=1,
        prompt_tokens=limits.max_input_tokens,
        context_tokens=limits.max_total_tokens,
    ).stream_tokens_per_s
