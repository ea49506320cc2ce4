"""`twin ask`: one question to the deployed LLM, through the stack's outputs."""

import asyncio
import sys
from typing import Annotated

import boto3
import typer

from cli.answer import print_answer
from cli.commands.options import ProjectName
from cli.deployment import endpoint_stack
from cli.errors import UsageError
from cli.owner import DEFAULT_NAME, Owner
from cli.progress import Progress
from cli.project import Project
from cli.target import choose_target
from inference_client import EndpointAddress, EndpointClient


def ask(  # noqa: PLR0917 - the options of the command
    question: Annotated[str, typer.Argument(help="The prompt, or - to read it from standard input.")],
    sources: Annotated[
        bool, typer.Option("--sources", help="Answer from the knowledge, as the service does, and show the passages.")
    ] = False,
    store: Annotated[str | None, typer.Option(help="Of --sources: a folder or s3://bucket/prefix.")] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Print tokens as they come.")] = False,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="How long the answer may get.")] = 150,
    adapter: Annotated[
        str | None, typer.Option(help="The LoRA adapter that answers: its hub id on TGI, its name on vLLM.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="The model that answers, where the endpoint hosts several.")] = None,
    stage: Annotated[str | None, typer.Option(help="Which stage, where several are deployed.")] = None,
    name: ProjectName = DEFAULT_NAME,
    aws: Annotated[bool, typer.Option("--aws", help="The account's AWS, though a local one runs.")] = False,
) -> None:
    """Ask the deployed LLM; the answer goes to standard output, its figures to standard error."""
    progress = Progress()
    text = sys.stdin.read() if question == "-" else question
    if not text.strip():
        raise UsageError("The question is empty.", advice="Give some text, or - to read standard input.")
    project = Project.locate()
    choose_target(project, progress, aws=aws)
    session = boto3.Session()
    stack = endpoint_stack(session, Owner(name=name, stage=stage))
    if sources and model:
        raise UsageError("--model is given with --sources.", advice="The service asks the main model: leave one out.")
    if sources:
        # Seconds of imports that a plain question does not need.
        from cli.service_settings import NO_KEYS, choose_store, found_in_stack, make_settings  # noqa: PLC0415
        from cli.sourced_answer import print_sourced_answer  # noqa: PLC0415

        settings = make_settings(NO_KEYS | {"store": choose_store(project, store)} | found_in_stack(stack))
        work = print_sourced_answer(settings, text, max_new_tokens=max_new_tokens, adapter=adapter, progress=progress)
        asyncio.run(work)
        return
    if store:
        raise UsageError("--store is given without --sources.", advice="Add --sources, or leave --store out.")
    address = EndpointAddress.from_stack(stack, session=session)
    if model:
        address = address.of_model(model)
    with EndpointClient(address, session=session) as client:
        print_answer(
            client,
            text,
            max_new_tokens=max_new_tokens,
            as_it_comes=stream,
            progress=progress,
            added=project.added_models,
            adapter_id=adapter,
        )
