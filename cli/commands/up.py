"""`twin up`: a local AWS with a stage deployed to it and the service in front of it, left running."""

import dataclasses
import os
import signal
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Annotated

import typer

from cli.context import parse_context
from cli.copies import list_copies
from cli.documentation import ingest_documentation
from cli.environment import default_region
from cli.errors import UsageError
from cli.processes import end, is_alive
from cli.progress import Progress
from cli.project import Project
from cli.record import Record
from cli.rehearsal import Rehearsal
from cli.service_process import DEFAULT_PORT as SERVICE_PORT
from cli.service_process import STOP_TIMEOUT_S, ServiceProcess, check_port
from cli.signals import terminate_as_interrupt
from local.aws.process import LocalAws
from model.errors import ModelError
from stacks.context import read_settings
from stacks.errors import SettingsError

DEFAULT_PORT = 4566
# By these the other commands find what runs here.
_DECIDED = {
    "stage": "--stage decides it.",
    "name": "What runs on this machine has the project's name.",
    "region": "AWS_REGION decides it.",
}


def up(  # noqa: PLR0917 - the options of the command
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return when it is ready; `twin down` ends it.")
    ] = False,
    stage: Annotated[str, typer.Option(help="Which stage to deploy: local, dev or prod.")] = "local",
    context: Annotated[
        list[str] | None, typer.Option("--context", "-c", help="A setting as for cdk: KEY=VALUE. May be repeated.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the local AWS listens.")] = DEFAULT_PORT,
    service: Annotated[bool, typer.Option(help="Start the service with its page, too.")] = True,
    service_port: Annotated[int, typer.Option(min=0, max=65535, help="Its port; 0 takes any.")] = SERVICE_PORT,
) -> None:
    """Start the local AWS, deploy a stage to it with the real CDK CLI, start the service, and leave them running."""
    settings = parse_context(context or [], without=_DECIDED)
    project = Project.locate()
    progress = Progress()
    terminate_as_interrupt()
    record = Record.read(project)
    region = record.region if record else default_region(os.environ)
    _check(project, {**settings, "stage": stage, "region": region})
    stays = detach or record is not None
    serving = record is not None and record.service_pid is not None and is_alive(record.service_pid)
    if service and not serving:
        check_port(service_port)
    # What was started here ends here, where something fails or the terminal is what keeps it: half of it is of no use.
    with ExitStack() as started:
        if record:
            progress.say(f"the local AWS already runs on {record.endpoint_url}: deploying to it")
        else:
            with progress.step("starting the local AWS") as step:
                local_aws = LocalAws.start(port=port, state_dir=project.state / "local-aws", detached=detach)
                step.result = f"{local_aws.endpoint_url}, process {local_aws.pid}"
            started.callback(_stop, local_aws, project, progress)
            record = Record(pid=local_aws.pid, endpoint_url=local_aws.endpoint_url, region=region, stage=stage)
            record.write(project)
        outputs = _deploy(project, progress, dataclasses.replace(record, stage=stage), settings)
        if serving and record.service_pid is not None:
            # It may be another stage's, and its code another.
            with progress.step("stopping the service that runs"):
                end(record.service_pid, timeout_s=STOP_TIMEOUT_S)
        record = dataclasses.replace(record, stage=stage, service_pid=None, service_url=None)
        record.write(project)
        if service:
            running = _serve(project, progress, record, port=service_port, detached=stays)
            started.callback(running.stop)
            record = dataclasses.replace(record, service_pid=running.pid, service_url=running.url)
            record.write(project)
        _describe(record, outputs, progress, project)
        if stays:
            started.pop_all()
            return
        progress.say("\nCtrl-C ends it.")
        signal.pause()


def _check(project: Project, settings: Mapping[str, str]) -> None:
    """Refuse what the app would refuse, before anything is started for it."""
    try:
        read_settings(settings, os.environ, added=project.added_models)
    except (SettingsError, ModelError) as error:
        raise UsageError(str(error)) from error


def _stop(local_aws: LocalAws, project: Project, progress: Progress) -> None:
    progress.say("stopping the local AWS")
    local_aws.stop()
    Record.remove(project)


def _deploy(project: Project, progress: Progress, record: Record, settings: Mapping[str, str]) -> dict[str, str]:
    rehearsal = Rehearsal(
        project=project,
        progress=progress,
        environment=record.environment(project),
        stage=record.stage,
        context=settings,
        folder=project.state / "up",
    )
    return rehearsal.deploy()


def _serve(project: Project, progress: Progress, record: Record, *, port: int, detached: bool) -> ServiceProcess:
    store = project.state / "knowledge"
    ingest_documentation(project, progress, store=store)
    with progress.step("starting the service") as step:
        running = ServiceProcess.start(
            project=project,
            environment=record.environment(project),
            stage=record.stage,
            store=store,
            folder=project.state / "service",
            port=port,
            detached=detached,
        )
        step.result = f"{running.url}, process {running.pid}"
    return running


def _describe(record: Record, outputs: dict[str, str], progress: Progress, project: Project) -> None:
    progress.heading("Ready")
    for name, value in outputs.items():
        progress.say(f"  {name:24} {value}")
    for copy in list_copies(record.environment(project).endpoint_url):
        if copy.stand_in_serves:
            progress.say(f"  STAND-IN: {copy.stand_in_serves} answers in the place of {copy.stand_in_instead_of}")
    progress.say(
        '\n  in any shell here:  eval "$(uv run twin env)"\n  ask the model:      uv run twin ask --stream "..."'
    )
    if record.service_url:
        progress.say(
            f'  ask the knowledge:  uv run twin ask --sources "..."\n  in a browser:       {record.service_url}'
        )
