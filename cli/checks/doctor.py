"""All checks of one deployment, in the order in which a deploy would fail by them."""

import os
from collections.abc import Callable, Mapping
from functools import partial

import boto3

from cli.checks.account import check_bootstrap, check_credentials
from cli.checks.check import Check, State, fix, look, not_checked, ok
from cli.checks.quota import check_quota
from cli.checks.region import check_image, check_region
from cli.checks.weights import check_archive, check_bucket, check_hub
from cli.environment import DEFAULT_REGION
from model.engines import Engine, find_engine
from model.errors import ModelError
from model.hub import HUB_URL
from model.sharing import SharedFit, check_sharing
from stacks.context import read_settings
from stacks.settings import DeploymentSettings
from stacks.shares import list_shares


def examine(given: Mapping[str, str]) -> list[Check]:
    """Look at everything that a deploy with these settings needs.

    Args:
        given: settings as for cdk, the stage among them.

    Raises:
        SettingsError: a setting is unknown or not allowed.
        ModelError: the model, the engine or the instance type is unknown.
    """
    region = given.get("region") or boto3.Session().region_name or DEFAULT_REGION
    session = boto3.Session(region_name=region)
    credentials = check_credentials(session)

    def ask(name: str, check: Callable[[], Check]) -> Check:
        if credentials.state is not State.OK:
            return not_checked(name, "Credentials come first.")
        return look(name, check)

    of_region = [check_region(region), check_image(find_engine(given.get("engine", Engine.TGI)), region)]
    # A region that has nothing to deploy to is no setting; all the others are still looked at.
    usable = region if all(check.state is State.OK for check in of_region) else DEFAULT_REGION
    settings = read_settings({**given, "region": usable}, os.environ)
    fit, fitting = _fit(settings)
    checks = [credentials, *of_region, ask("bootstrap", lambda: check_bootstrap(session)), fitting]
    if fit is not None:
        first, most = max(1, fit.min_instances), fit.max_instances
        own = f"{settings.name}-{settings.stage}-"
        for one in (settings.instance_type, *settings.instance_fallback):
            check = partial(check_quota, session, instance=one.name, first=first, most=most, own=own)
            checks.append(ask("quota", check))
    hub_url = os.environ.get("HF_ENDPOINT", HUB_URL).rstrip("/")
    for model in (settings.model, *settings.beside.models):
        if model.s3_uri is not None:
            checks.append(ask("weights", partial(check_bucket, session, model, model.s3_uri)))
        else:
            checks.append(check_hub(model, hub_url=hub_url))
    checks += [
        ask("adapter", partial(check_archive, session, adapter)) for adapter in settings.adapter_components.values()
    ]
    return checks


def _fit(settings: DeploymentSettings) -> tuple[SharedFit | None, Check]:
    model_id, instance = settings.model.model_id, settings.instance_type
    try:
        fit = check_sharing(
            list_shares(settings),
            instance=instance,
            fallbacks=settings.instance_fallback,
            engine=settings.engine,
            max_instances=settings.max_instances,
        )
    except ModelError as error:
        return None, fix("fit", str(error))
    names = " and ".join(one.name for one in (instance, *settings.instance_fallback))
    beside = "".join(f", and {model.model_id} beside it" for model in settings.beside.models)
    return fit, ok("fit", f"{model_id} fits on {names}: {settings.gpus_per_copy} GPU(s) a copy{beside}")
