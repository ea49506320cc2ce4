"""`twin demo`: the whole life of the endpoint in one go, on this machine."""

import shutil
import tempfile
import time
from pathlib import Path
from typing import Annotated

import boto3
import typer

from cli.answer import print_answer
from cli.copies import list_copies
from cli.documentation import ingest_documentation
from cli.environment import DEFAULT_REGION, LocalEnvironment
from cli.errors import ToolFailedError
from cli.leftovers.search import find_leftovers
from cli.progress import Progress
from cli.project import Project
from cli.rehearsal import Rehearsal
from cli.service_answer import print_service_answer
from cli.service_process import ServiceProcess
from cli.signals import terminate_as_interrupt
from inference_client import EndpointAddress, EndpointClient
from inference_client.smoke import main as run_smoke
from local.aws.process import LocalAws

DOCUMENTATION_QUESTION = "What does twin plan show?"
QUESTION = "Write a post about AWS SageMaker inference endpoints, in two sentences."


def demo(
    stage: Annotated[str, typer.Option(help="Which stage to deploy: local, dev or prod.")] = "local",
    keep: Annotated[bool, typer.Option("--keep", help="Keep the folder with the logs.")] = False,
) -> None:
    """Deploy with the real CDK CLI, invoke, stream, destroy, and show that nothing is left."""
    project = Project.locate()
    progress = Progress()
    terminate_as_interrupt()
    started_s = time.monotonic()
    project.state.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="demo-", dir=project.state))
    progress.heading("1. An AWS on this machine")
    with progress.step("starting the local AWS") as step:
        local_aws = LocalAws.start(state_dir=folder / "local-aws")
        step.result = local_aws.endpoint_url
    with local_aws:
        environment = LocalEnvironment(
            endpoint_url=local_aws.endpoint_url, region=DEFAULT_REGION, cdk_home=folder / "cdk-home"
        )
        environment.enter()
        rehearsal = Rehearsal(project=project, progress=progress, environment=environment, stage=stage, folder=folder)
        _live(rehearsal, progress)
    progress.say(f"\nThe whole life of an LLM endpoint took {time.monotonic() - started_s:.0f} s.")
    if not keep:
        shutil.rmtree(folder)


def _ask_service(rehearsal: Rehearsal, progress: Progress) -> int:
    store = rehearsal.folder / "knowledge"
    ingest_documentation(rehearsal.project, progress, store=store)
    with progress.step("starting the service") as step:
        service = ServiceProcess.start(
            project=rehearsal.project,
            environment=rehearsal.environment,
            stage=rehearsal.stage,
            store=store,
            folder=rehearsal.folder / "service",
            port=0,
        )
        step.result = service.url
    with service:
        progress.say(f"      {DOCUMENTATION_QUESTION}\n")
        print_service_answer(service.url, DOCUMENTATION_QUESTION, progress=progress)
    return service.pid


def _live(rehearsal: Rehearsal, progress: Progress) -> None:
    progress.heading("2. cdk bootstrap, cdk deploy: the CLI and the templates that go to AWS")
    outputs = rehearsal.deploy()
    for name, value in outputs.items():
        progress.say(f"      {name:24} {value}")
    processes = [copy.pid for copy in list_copies()]
    progress.heading("3. The post-deploy smoke invocation, through the stack's outputs")
    if run_smoke(["--stage", rehearsal.stage]) != 0:
        raise ToolFailedError("The smoke invocation failed.", log_file=rehearsal.folder / "logs")
    progress.heading("4. A streamed answer")
    progress.say(f"      {QUESTION}\n")
    address = EndpointAddress.from_stack(f"llm-twin-{rehearsal.stage}-endpoint")
    with EndpointClient(address) as client:
        print_answer(
            client,
            QUESTION,
            max_new_tokens=96,
            as_it_comes=True,
            progress=progress,
            added=rehearsal.project.added_models,
        )
    progress.heading("5. The business microservice: a question that this project's documentation answers")
    processes.append(_ask_service(rehearsal, progress))
    progress.heading("6. cdk destroy")
    rehearsal.destroy()
    with progress.step("looking for anything left") as step:
        found = find_leftovers(boto3.Session(), processes=processes)
        # The logs of the containers stay, as they do on AWS, and go with the local AWS.
        left = [str(one) for one in found if not one.stays]
        step.result = ", ".join(left) or "no stack, endpoint, component, model, policy, alarm, parameter or process"
    if left:
        raise ToolFailedError(f"The destroy left {len(left)} things behind.", log_file=rehearsal.folder / "logs")
