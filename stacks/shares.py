"""What shares the instances of one endpoint: the main model first, then those beside it."""

from model.sharing import Share
from stacks.settings import DeploymentSettings


def list_shares(settings: DeploymentSettings) -> tuple[Share, ...]:
    """Return the share of each model of a deployment."""
    main = Share(
        spec=settings.model,
        limits=settings.limits,
        gpus_per_copy=settings.gpus_per_copy,
        min_copies=settings.min_copies,
        max_copies=settings.max_copies,
    )
    beside = (
        Share(
            spec=model,
            limits=settings.limits,
            gpus_per_copy=settings.beside.gpus_per_copy,
            min_copies=settings.min_copies_beside,
            max_copies=settings.beside.max_copies,
        )
        for model in settings.beside.models
    )
    return (main, *beside)
