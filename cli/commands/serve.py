"""`twin serve`: the business microservice with its page, in the foreground."""

from pathlib import Path
from typing import Annotated

import boto3
import typer

from cli.commands.options import ProjectName
from cli.deployment import endpoint_stack
from cli.errors import CliError, UsageError
from cli.owner import DEFAULT_NAME, Owner
from cli.progress import Progress
from cli.project import Project
from cli.target import choose_target
from local.lifeline import end_with_stdin


def serve(  # noqa: PLR0917 - the options of the command
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    store: Annotated[str | None, typer.Option(help="A folder or s3://bucket/prefix; default: .twin/knowledge.")] = None,
    stage: Annotated[str | None, typer.Option(help="Which stage's LLM, where several are deployed.")] = None,
    name: ProjectName = DEFAULT_NAME,
    keys_file: Annotated[Path | None, typer.Option(help="The API keys; see `python -m service.new_key`.")] = None,
    no_keys: Annotated[bool, typer.Option("--no-keys", help="Serve everybody on this machine.")] = False,
    aws: Annotated[bool, typer.Option("--aws", help="The account's AWS, though a local one runs.")] = False,
    exit_with_stdin: Annotated[bool, typer.Option("--exit-with-stdin", hidden=True)] = False,
) -> None:
    """Serve the API and the page until Ctrl-C. What has no option here is a variable TWIN_SERVICE_*."""
    if exit_with_stdin:
        end_with_stdin()
    if no_keys and keys_file:
        raise UsageError("--no-keys and --keys-file are both given.", advice="Give one of the two.")
    project = Project.locate()
    choose_target(project, Progress(), aws=aws)
    # Seconds of imports that other commands do not need.
    from cli.service_settings import NO_KEYS, choose_store, found_in_stack, make_settings  # noqa: PLC0415

    values = {
        "host": host,
        "port": port,
        "store": choose_store(project, store),
        "spool_folder": project.state / "spool",
    }
    if no_keys:
        values |= NO_KEYS
    if keys_file:
        values |= {"api_keys_file": keys_file}
    settings = make_settings(values)
    if not (settings.endpoint_stack or settings.endpoint_ssm_path or settings.endpoint_outputs_file):
        stack = endpoint_stack(boto3.Session(), Owner(name=name, stage=stage))
        settings = make_settings(values | found_in_stack(stack))
    from service.server import run_server  # noqa: PLC0415 - as above

    if not run_server(settings):
        raise CliError("The service could not start; its log above says why.")
