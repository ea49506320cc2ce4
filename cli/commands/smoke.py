"""`twin smoke`: one plain and one streamed invocation of whatever is deployed."""

from typing import Annotated

import boto3
import typer

from cli.commands.options import ProjectName
from cli.deployment import endpoint_stack
from cli.owner import DEFAULT_NAME, Owner
from cli.progress import Progress
from cli.project import Project
from cli.target import choose_target
from inference_client.smoke import main as run_smoke


def smoke(
    stage: Annotated[str | None, typer.Option(help="Which stage, where several are deployed.")] = None,
    name: ProjectName = DEFAULT_NAME,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    aws: Annotated[bool, typer.Option("--aws", help="The account's AWS, though a local one runs.")] = False,
) -> None:
    """Invoke the deployed endpoint once and print answer, tokens and timings; non-zero with the reason if it fails."""
    choose_target(Project.locate(), Progress(quiet=as_json), aws=aws)
    arguments = ["--json"] if as_json else []
    if name != DEFAULT_NAME:
        arguments += ["--stack", endpoint_stack(boto3.Session(), Owner(name=name, stage=stage))]
    elif stage:
        arguments += ["--stage", stage]
    raise typer.Exit(run_smoke(arguments))
