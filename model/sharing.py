"""Several models on the instances of one endpoint: how many instances do all of their copies need?

Each model has to fit by itself (fit.py); here their copies are put together. SageMaker places a copy wherever there is
room and moves none, so that instances may be filled worse than here: a setting of fewer instances is refused where even
the best filling needs more.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from model.engines import Engine
from model.errors import (
    DoesNotFitError,
    EnvironmentTooLargeError,
    GatedModelError,
    InvalidLimitsError,
    UnsupportedModelError,
)
from model.fallback import check_fallbacks
from model.fit import Fit
from model.hardware import InstanceType
from model.limits import ServingLimits
from model.room import Needs, count_instances
from model.spec import ModelSpec


@dataclass(frozen=True, kw_only=True)
class Share:
    """One model of those that share an endpoint.

    Attributes:
        spec: the model.
        limits: what one copy takes on.
        gpus_per_copy: GPUs that one copy is spread over.
        min_copies: the copies that are always there.
        max_copies: the copies that it may grow to.
    """

    spec: ModelSpec
    limits: ServingLimits
    gpus_per_copy: int
    min_copies: int
    max_copies: int


@dataclass(frozen=True, kw_only=True)
class SharedFit:
    """What models take up together.

    Attributes:
        fits: what each takes up by itself, in their order.
        min_instances: instances that the least numbers of copies need.
        serving_instances: instances that they need where each has a copy at least.
        busiest_instances: instances that the most copies need.
        max_instances: instances that the endpoint may grow to.
        notes: what holds and is easily overlooked, in whole sentences for people.
    """

    fits: tuple[Fit, ...]
    min_instances: int
    serving_instances: int
    busiest_instances: int
    max_instances: int
    notes: tuple[str, ...]


@contextmanager
def beside_the_main(spec: ModelSpec) -> Iterator[None]:
    """Have a refusal say that it is of a model beside the main one, some settings of which have other names.

    Raises:
        ModelError: as was refused, with the model and these names.
    """
    try:
        yield
    except (
        DoesNotFitError,
        EnvironmentTooLargeError,
        GatedModelError,
        InvalidLimitsError,
        UnsupportedModelError,
    ) as error:
        raise type(error)(
            f"beside has {spec.model_id}: {error.problem}",
            remedy=f"{error.remedy} Of a model beside, gpus_per_copy is beside_gpus_per_copy, and s3_uri is "
            "beside=MODEL=s3://BUCKET/PREFIX/; instance type, engine and limits are those of all.",
        ) from error


def check_sharing(
    shares: Sequence[Share],
    *,
    instance: InstanceType,
    fallbacks: Sequence[InstanceType],
    engine: Engine,
    max_instances: int | None = None,
) -> SharedFit:
    """Return what models take up together, whichever of the types their instances are of.

    Args:
        shares: the models.
        instance: the type that is tried first.
        fallbacks: the types that are tried where it cannot be had.
        engine: what runs them all.
        max_instances: the instances that the endpoint may grow to; None for what all copies and an update of each model
            need.

    Raises:
        DoesNotFitError: one does not fit, or not all together; the error says which and what would.
        ModelError: as `check_fallbacks`.
    """
    alone = len(shares) == 1

    def fit(share: Share) -> Fit:
        return check_fallbacks(
            spec=share.spec,
            limits=share.limits,
            instance=instance,
            fallbacks=fallbacks,
            gpus_per_copy=share.gpus_per_copy,
            min_copies=share.min_copies,
            max_copies=share.max_copies,
            max_instances=max_instances if alone else None,
            engine=engine,
        )

    def fit_beside(share: Share) -> Fit:
        with beside_the_main(share.spec):
            return fit(share)

    main, *others = shares
    fits = (fit(main), *map(fit_beside, others))

    def needed(copies: Sequence[int]) -> int:
        all_of_them = [
            (Needs(gpus=one.gpus_per_copy, host_mib=one.host_memory_mib, cores=one.cpu_cores), count)
            for one, count in zip(fits, copies, strict=True)
        ]
        return max(count_instances(all_of_them, instance=kind) for kind in (instance, *fallbacks))

    most = needed([share.max_copies for share in shares])
    serving = needed([max(1, share.min_copies) for share in shares])
    if alone:
        (only,) = fits
        return SharedFit(
            fits=fits,
            min_instances=only.min_instances,
            serving_instances=serving,
            busiest_instances=most,
            max_instances=only.max_instances,
            notes=only.notes,
        )
    with_update = needed([share.max_copies + 1 for share in shares])
    if max_instances is not None and max_instances < most:
        listed = ", ".join(f"{one.max_copies} of {one.spec.model_id} on {one.gpus_per_copy} GPU(s)" for one in shares)
        raise DoesNotFitError(
            f"the copies of {len(shares)} models need {most} instances together ({listed}); max_instances is "
            f"{max_instances}.",
            remedy=f"Raise max_instances to {most}, or lower max_copies or beside_max_copies.",
        )
    notes = dict.fromkeys(note for one in fits for note in one.notes)
    if max_instances is not None and max_instances < with_update:
        notes["max_instances leaves no room for a copy more of each model: an update may have to wait for it."] = None
    return SharedFit(
        fits=fits,
        min_instances=needed([share.min_copies for share in shares]),
        serving_instances=serving,
        busiest_instances=most,
        max_instances=with_update if max_instances is None else max_instances,
        notes=tuple(notes),
    )
