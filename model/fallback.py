"""Instance types to fall back on: does the deployment fit each of them?

SageMaker starts an instance of the first type that it has capacity for, so any of them may have to serve, alone or
beside the others: https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-heterogeneous.html
"""

from collections.abc import Sequence
from dataclasses import replace

from model.engines import Engine
from model.errors import DoesNotFitError, InvalidLimitsError
from model.fit import Fit, check_fit
from model.hardware import InstanceType
from model.limits import ServingLimits
from model.spec import ModelSpec

# A pool is an instance type with a priority from 1 to 5; the first is the instance type itself.
MOST_FALLBACKS = 4


def check_fallbacks(
    *,
    spec: ModelSpec,
    limits: ServingLimits,
    instance: InstanceType,
    fallbacks: Sequence[InstanceType],
    gpus_per_copy: int,
    min_copies: int,
    max_copies: int,
    max_instances: int | None = None,
    engine: Engine = Engine.TGI,
) -> Fit:
    """Return what the deployment takes up, whichever of the types its instances are of.

    The numbers of instances are those of the type that needs the most.

    Args:
        spec: the model.
        limits: what one copy takes on.
        instance: the type that is tried first.
        fallbacks: the types that are tried where it cannot be had, in this order.
        gpus_per_copy: how many GPUs one copy is spread over.
        min_copies: the copies that are always there.
        max_copies: the copies that it may grow to.
        max_instances: the instances that it may grow to; None for what `max_copies` and an update need.
        engine: what runs the model.

    Raises:
        DoesNotFitError: it does not fit one of them; the error says which.
        ModelError: as `check_fit`.
    """

    def fit_on(one: InstanceType) -> Fit:
        return check_fit(
            spec=spec,
            limits=limits,
            instance=one,
            gpus_per_copy=gpus_per_copy,
            min_copies=min_copies,
            max_copies=max_copies,
            max_instances=max_instances,
            engine=engine,
        )

    fits = [fit_on(instance)]
    for one in fallbacks:
        try:
            fits.append(fit_on(one))
        except (DoesNotFitError, InvalidLimitsError) as error:
            raise DoesNotFitError(
                f"instance_fallback has {one.name}: {error.problem}",
                remedy="Every type may have to serve: leave it out, or take one that has the room "
                f"(`twin plan --instance {one.name}` says what it would hold).",
            ) from error
    return replace(
        fits[0],
        kv_tokens=min(fit.kv_tokens for fit in fits),
        copies_per_instance=min(fit.copies_per_instance for fit in fits),
        min_instances=max(fit.min_instances for fit in fits),
        max_instances=max(fit.max_instances for fit in fits),
    )
