"""`twin diagnose`: why the last deployment does not serve, and what to do next."""

import json
from typing import Annotated

import boto3
import typer

from cli.commands.options import ProjectName
from cli.diagnosis.diagnosis import Verdict, diagnose
from cli.diagnosis.report import print_diagnosis
from cli.errors import NotDeployedError
from cli.owner import DEFAULT_NAME, Owner
from cli.progress import Progress
from cli.project import Project
from cli.target import choose_target

EXIT_CODES = {
    Verdict.HEALTHY: 0,
    Verdict.NOT_DEPLOYED: NotDeployedError.exit_code,
    Verdict.CAUSE_FOUND: 10,
    Verdict.UNEXPLAINED: 11,
    Verdict.IN_PROGRESS: 12,
}


def diagnose_stack(
    stage: Annotated[str | None, typer.Option(help="Which stage, where several are deployed.")] = None,
    name: ProjectName = DEFAULT_NAME,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    aws: Annotated[bool, typer.Option("--aws", help="The account's AWS, though a local one runs.")] = False,
) -> None:
    """Name the one cause and the one next step of a deployment that does not serve.

    Exit status: 0 healthy, 4 not deployed, 10 a cause was found, 11 something is wrong and no known cause fits, 12 the
    deployment is in progress and nothing has failed.

    It joins the stack's events, the statuses and reasons of endpoint and components, the containers' last lines and the
    scaling activities, also of a stack that was rolled back or deleted. It changes nothing.
    """
    choose_target(Project.locate(), Progress(quiet=as_json), aws=aws)
    found = diagnose(boto3.Session(), Owner(name=name, stage=stage))
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=2))
    else:
        print_diagnosis(found)
    raise typer.Exit(EXIT_CODES[found.verdict])
