"""`twin down`: stop the service, destroy what `twin up` deployed, stop the local AWS; and see that nothing is left."""

import json
from typing import Annotated

import boto3
import typer

from cli.errors import ToolFailedError, UsageError
from cli.leftovers.report import print_leftovers
from cli.leftovers.search import find_leftovers
from cli.owner import DEFAULT_NAME, Owner
from cli.processes import end
from cli.progress import Progress
from cli.project import Project
from cli.record import Record
from cli.rehearsal import Rehearsal
from cli.service_process import STOP_TIMEOUT_S
from cli.target import choose_target

_STILL_BILLED = 1


def down(
    verify: Annotated[
        bool, typer.Option("--verify", help="Look for what is left and costs money; on AWS it only looks.")
    ] = False,
    stage: Annotated[str | None, typer.Option(help="With --verify: only this stage.")] = None,
    name: Annotated[
        str, typer.Option(help="With --verify: the project's name, where -c name= gave another.")
    ] = DEFAULT_NAME,
    as_json: Annotated[bool, typer.Option("--json", help="With --verify: for machines.")] = False,
    aws: Annotated[
        bool, typer.Option("--aws", help="With --verify: look in the account, and stop nothing here.")
    ] = False,
) -> None:
    """Destroy what `up` deployed and stop the local AWS; no error where nothing runs.

    With --verify it then looks for anything of the project that is left, and names what it costs and the command that
    removes it: on the local AWS before that stops, and where none runs, or with --aws, in the account, where it changes
    nothing. Exit status 1: something that should be gone is billed; the logs that SageMaker made outlive every destroy.
    """
    if not verify and (stage or as_json or aws):
        raise UsageError("--stage, --json and --aws go with --verify only.", advice="Add --verify.")
    project = Project.locate()
    progress = Progress(quiet=as_json)
    record = None if verify and aws else Record.read(project)
    billed = False
    if record is None:
        if not (verify and aws):
            Record.remove(project)
        if not verify:
            progress.say("nothing is running")
            return
        choose_target(project, progress, aws=aws)
    else:
        _destroy(project, progress, record)
        record.environment(project).enter()
    try:
        if verify:
            billed = _look(progress, Owner(name=name, stage=stage), as_json=as_json)
    finally:
        if record is not None:
            with progress.step("stopping the local AWS"):
                end(record.pid)
            Record.remove(project)
    if billed:
        raise typer.Exit(_STILL_BILLED)


def _destroy(project: Project, progress: Progress, record: Record) -> None:
    rehearsal = Rehearsal(
        project=project,
        progress=progress,
        environment=record.environment(project),
        stage=record.stage,
        folder=project.state / "up",
    )
    if record.service_pid is not None:
        with progress.step("stopping the service"):
            end(record.service_pid, timeout_s=STOP_TIMEOUT_S)
    try:
        if (rehearsal.assembly / "manifest.json").is_file():
            rehearsal.destroy()
    except ToolFailedError as error:
        progress.say(f"{error}\nThe local AWS is stopped all the same; what it held goes with it.")


def _look(progress: Progress, owner: Owner, *, as_json: bool) -> bool:
    """Show what is left; return whether any of it is billed and should be gone."""
    session = boto3.Session()
    with progress.step("looking for anything left") as step:
        left = find_leftovers(session, owner=owner)
        billed = any(one.should_go for one in left)
        step.result = f"{len(left)} things" if left else "nothing"
    if as_json:
        typer.echo(json.dumps({"clean": not billed, "left": [one.to_json() for one in left]}, indent=2))
    else:
        print_leftovers(left, owner=str(owner), region=session.region_name)
    return billed
