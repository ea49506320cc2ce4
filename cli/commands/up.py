"""`twin up`: a local AWS with a stage deployed to it, left running."""

import os
import signal
from typing import Annotated

import typer

from cli.copies import list_copies
from cli.environment import default_region
from cli.progress import Progress
from cli.project import Project
from cli.record import Record
from cli.rehearsal import Rehearsal
from cli.signals import terminate_as_interrupt
from local.aws.process import LocalAws

DEFAULT_PORT = 4566


def up(
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return when it is ready; `twin down` ends it.")
    ] = False,
    stage: Annotated[str, typer.Option(help="Which stage to deploy: local, dev or prod.")] = "local",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the local AWS listens.")] = DEFAULT_PORT,
) -> None:
    """Start the local AWS, deploy a stage to it with the real CDK CLI, and leave it running."""
    project = Project.locate()
    progress = Progress()
    terminate_as_interrupt()
    record = Record.read(project)
    started = None
    if record:
        progress.say(f"the local AWS already runs on {record.endpoint_url}: deploying to it")
    else:
        with progress.step("starting the local AWS") as step:
            started = LocalAws.start(port=port, state_dir=project.state / "local-aws", detached=detach)
            step.result = f"{started.endpoint_url}, process {started.pid}"
        record = Record(pid=started.pid, endpoint_url=started.endpoint_url, region=_region(), stage=stage)
        record.write(project)
    try:
        _deploy(project, progress, record, stage)
        if started and not detach:
            progress.say("\nCtrl-C ends it.")
            signal.pause()
    except BaseException:
        # A half-made rehearsal is of no use to anybody, and a foreground one ends here.
        if started:
            progress.say("stopping the local AWS")
            started.stop()
            Record.remove(project)
        raise


def _region() -> str:
    return default_region(os.environ)


def _deploy(project: Project, progress: Progress, record: Record, stage: str) -> None:
    record = Record(pid=record.pid, endpoint_url=record.endpoint_url, region=record.region, stage=stage)
    rehearsal = Rehearsal(
        project=project,
        progress=progress,
        environment=record.environment(project),
        stage=stage,
        folder=project.state / "up",
    )
    outputs = rehearsal.deploy()
    record.write(project)
    progress.heading("Ready")
    for name, value in outputs.items():
        progress.say(f"  {name:24} {value}")
    for copy in list_copies(record.environment(project).endpoint_url):
        if copy.stand_in_serves:
            progress.say(f"  STAND-IN: {copy.stand_in_serves} answers in the place of {copy.stand_in_instead_of}")
    progress.say(
        '\n  in any shell here:  eval "$(uv run twin env)"\n  ask it:             uv run twin ask --stream "..."'
    )
