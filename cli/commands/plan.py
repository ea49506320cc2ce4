"""`twin plan`: what a deployment would take, do and cost, before it exists. Needs no account and no network."""

import json
import os
from dataclasses import asdict
from typing import Annotated, Any

import typer

from cli.context import settle_context
from cli.errors import UsageError
from cli.plan_table import print_plan, print_refusal
from cli.project import Project
from model.errors import ModelError
from model.hardware import PRICES_READ, PRICES_REGION
from model.plan import Deployment, Plan, make_plan
from stacks.context import read_settings
from stacks.errors import SettingsError
from stacks.shares import list_shares

_DOES_NOT_DEPLOY = 1


def plan(
    stage: Annotated[str | None, typer.Option(help="Whose settings: local, dev or prod.", show_default="dev")] = None,
    model: Annotated[str | None, typer.Option(help="Another model: an id of the catalogue or of models.json.")] = None,
    instance: Annotated[str | None, typer.Option(help="Another instance type, as ml.g5.12xlarge.")] = None,
    context: Annotated[
        list[str] | None, typer.Option("--context", "-c", help="A setting as for cdk: KEY=VALUE. May be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show fit, limits, speed and cost of a deployment. Exit status 1 where it would not run, with what would."""
    given = settle_context(context or [], {"stage": stage, "model": model, "instance_type": instance})
    try:
        deployment = _read_deployment(given)
    except (SettingsError, ModelError) as error:
        raise UsageError(str(error)) from error
    try:
        found = make_plan(deployment)
    except ModelError as error:
        if as_json:
            refusal = {"error": type(error).__name__, "problem": error.problem, "remedy": error.remedy}
            typer.echo(json.dumps({"fits": False, "refusal": refusal, "deployment": asdict(deployment)}, indent=2))
        else:
            print_refusal(deployment, error)
        raise typer.Exit(_DOES_NOT_DEPLOY) from error
    if as_json:
        typer.echo(json.dumps(_to_json(found), indent=2))
    else:
        print_plan(found)
    if found.blocker:
        raise typer.Exit(_DOES_NOT_DEPLOY)


def _read_deployment(given: dict[str, str]) -> Deployment:
    """Read what is asked for as the app reads it."""
    settings = read_settings(given, os.environ, added=Project.locate().added_models)
    return Deployment(
        spec=settings.model,
        engine=settings.engine,
        limits=settings.limits,
        instance=settings.instance_type,
        gpus_per_copy=settings.gpus_per_copy,
        region=settings.region,
        min_copies=settings.min_copies,
        max_copies=settings.max_copies,
        max_instances=settings.max_instances,
        target_concurrency=settings.target_concurrency,
        fallbacks=settings.instance_fallback,
        beside=list_shares(settings)[1:],
    )


def _to_json(found: Plan) -> dict[str, Any]:
    return {"fits": True} | asdict(found) | {"prices": {"read": PRICES_READ, "region": PRICES_REGION}}
