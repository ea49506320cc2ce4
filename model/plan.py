"""Everything that can be said of a deployment before it exists: fit, limits, speed, cost. One value, for cli and docs.

Puts together what the other modules reckon and reckons nothing itself.
"""

from dataclasses import dataclass, replace

from model.cost import Alternative, HourlyCost, find_cheaper, reckon_cost
from model.derived_limits import derive_limits
from model.engines import Engine, describe_container
from model.errors import GatedModelError
from model.fit import Fit
from model.hardware import InstanceType
from model.images import Image, find_image
from model.limits import ServingLimits
from model.memory import count_kv_bytes_per_token, count_weights_bytes
from model.roofline import Speed, estimate_speed
from model.sharing import Share, beside_the_main, check_sharing
from model.spec import ModelSpec

_MOST_AT_ONCE = 4


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What somebody wants to deploy, as far as it can be reckoned: no names, no stack.

    Attributes:
        spec: the model.
        engine: what runs it.
        limits: what one copy takes on.
        instance: the instance type.
        gpus_per_copy: GPUs of one copy.
        region: the AWS region.
        min_copies: the copies that are always there.
        max_copies: the copies that scaling may start.
        max_instances: the instances that the endpoint may grow to; None for what `max_copies` need.
        target_concurrency: requests in flight per copy that scaling aims at.
        fallbacks: instance types that serve where the first cannot be had; speed and cost are reckoned for the first.
        beside: further models on the same instances; they count in the numbers of instances and in what they cost.
    """

    spec: ModelSpec
    engine: Engine
    limits: ServingLimits
    instance: InstanceType
    gpus_per_copy: int
    region: str
    min_copies: int
    max_copies: int
    max_instances: int | None
    target_concurrency: int
    fallbacks: tuple[InstanceType, ...] = ()
    beside: tuple[Share, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a deployment takes, does and costs.

    Attributes:
        deployment: what was asked for.
        image: the container image.
        inference_ami: the machine image whose driver runs it.
        fit: what it takes up.
        blocker: what keeps it from being deployed though it fits; None where nothing does.
        weights_bytes: the served weights of one copy.
        kv_bytes_per_token: KV cache of one token, all layers.
        speeds: one stream alone; as many as scaling aims at; as many of the greatest length as there is room for.
        cost: US dollars per hour; None where the price is not known.
        cheaper: what would cost less within the same limits; not looked for where models share an endpoint.
        derived_limits: the greatest limits that the copy has room for, with as many longest requests at once as the
            chosen ones have, four at most.
    """

    deployment: Deployment
    image: Image
    inference_ami: str
    fit: Fit
    blocker: str | None
    weights_bytes: int
    kv_bytes_per_token: int
    speeds: tuple[Speed, ...]
    cost: HourlyCost | None
    cheaper: tuple[Alternative, ...]
    derived_limits: ServingLimits


def make_plan(deployment: Deployment) -> Plan:
    """Return the plan of a deployment.

    Raises:
        ModelError: it would not run; the error says why and what would.
    """
    spec, limits, instance = deployment.spec, deployment.limits, deployment.instance
    main = Share(
        spec=spec,
        limits=limits,
        gpus_per_copy=deployment.gpus_per_copy,
        min_copies=deployment.min_copies,
        max_copies=deployment.max_copies,
    )
    shared = check_sharing(
        (main, *deployment.beside),
        instance=instance,
        fallbacks=deployment.fallbacks,
        engine=deployment.engine,
        max_instances=deployment.max_instances,
    )
    fit = replace(
        shared.fits[0], min_instances=shared.min_instances, max_instances=shared.max_instances, notes=shared.notes
    )
    image = find_image(engine=deployment.engine, region=deployment.region)
    cost = reckon_cost(fit=shared, instance=instance)
    return Plan(
        deployment=deployment,
        image=image,
        inference_ami=image.inference_ami,
        fit=fit,
        blocker=_find_blocker(deployment),
        weights_bytes=count_weights_bytes(spec),
        kv_bytes_per_token=count_kv_bytes_per_token(spec, gpus=deployment.gpus_per_copy),
        speeds=_estimate_speeds(deployment, kv_tokens=fit.kv_tokens),
        cost=cost,
        cheaper=()
        if deployment.beside
        else find_cheaper(
            spec=spec,
            limits=limits,
            engine=deployment.engine,
            min_copies=deployment.min_copies,
            max_copies=deployment.max_copies,
            than_usd=cost.serving_usd if cost else None,
        ),
        derived_limits=derive_limits(
            spec,
            instance=instance,
            gpus_per_copy=deployment.gpus_per_copy,
            engine=deployment.engine,
            longest_requests_at_once=min(_MOST_AT_ONCE, limits.longest_requests_at_once),
        ),
    )


def _find_blocker(deployment: Deployment) -> str | None:
    def describe(spec: ModelSpec, gpus_per_copy: int) -> None:
        describe_container(
            engine=deployment.engine,
            spec=spec,
            limits=deployment.limits,
            region=deployment.region,
            gpus_per_copy=gpus_per_copy,
        )

    try:
        describe(deployment.spec, deployment.gpus_per_copy)
        for share in deployment.beside:
            with beside_the_main(share.spec):
                describe(share.spec, share.gpus_per_copy)
    except GatedModelError as error:
        return str(error)
    return None


def _estimate_speeds(deployment: Deployment, *, kv_tokens: int) -> tuple[Speed, ...]:
    limits = deployment.limits
    # At most as many as are let in.
    full = min(limits.max_concurrent_requests, kv_tokens // limits.max_total_tokens)
    batch_sizes = sorted({1, min(deployment.target_concurrency, limits.max_concurrent_requests), full})
    return tuple(
        estimate_speed(
            deployment.spec,
            gpu=deployment.instance.gpu,
            gpus=deployment.gpus_per_copy,
            batch_size=batch_size,
            prompt_tokens=limits.max_input_tokens,
            # So many may be let in that not all can be of the greatest length.
            context_tokens=min(limits.max_total_tokens, kv_tokens // batch_size),
        )
        for batch_size in batch_sizes
    )
