"""`twin doctor`: what stands between a deploy and its success, before it is begun."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cli.checks.check import Check, State
from cli.checks.doctor import examine
from cli.context import settle_context
from cli.errors import UsageError
from cli.progress import Progress
from cli.project import Project
from cli.target import choose_target
from model.errors import ModelError
from stacks.errors import SettingsError

_SOMETHING_TO_FIX = 1
_COLOURS = {State.OK: "green", State.FIX: "red", State.NOT_CHECKED: "yellow"}


def doctor(
    stage: Annotated[str | None, typer.Option(help="Whose settings: local, dev or prod.", show_default="dev")] = None,
    context: Annotated[
        list[str] | None, typer.Option("--context", "-c", help="A setting as for cdk: KEY=VALUE. May be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    aws: Annotated[bool, typer.Option("--aws", help="The account's AWS, though a local one runs.")] = False,
) -> None:
    """Check what a deploy needs: credentials, region, image, bootstrap, fit, quota and the model's weights.

    Each line says ok, what to fix, or what was not checked, which is no failure. It changes nothing. Exit status 1:
    something is to be fixed.
    """
    choose_target(Project.locate(), Progress(quiet=as_json), aws=aws)
    try:
        checks = examine(settle_context(context or [], {"stage": stage}))
    except (SettingsError, ModelError) as error:
        raise UsageError(str(error)) from error
    to_fix = [check for check in checks if check.state is State.FIX]
    if as_json:
        typer.echo(json.dumps({"ready": not to_fix, "checks": [check.to_json() for check in checks]}, indent=2))
    else:
        _print(checks)
    if to_fix:
        raise typer.Exit(_SOMETHING_TO_FIX)


def _print(checks: list[Check]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    width = max(len(check.name) for check in checks)
    for check in checks:
        colour, colon = _COLOURS[check.state], "" if check.state is State.OK else ":"
        state = f"[{colour}]{check.state}{colon}[/{colour}]"
        console.print(f"{check.name:{width}}  {state} {escape(check.text)}")
