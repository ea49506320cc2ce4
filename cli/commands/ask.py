"""`twin ask`: one question to the deployed LLM, through the stack's outputs."""

import sys
from typing import Annotated

import boto3
import typer

from cli.answer import print_answer
from cli.deployment import endpoint_stack
from cli.errors import UsageError
from cli.progress import Progress
from cli.project import Project
from cli.target import choose_target
from inference_client import EndpointAddress, EndpointClient


def ask(
    question: Annotated[str, typer.Argument(help="The prompt, or - to read it from standard input.")],
    stream: Annotated[bool, typer.Option("--stream", help="Print tokens as they come.")] = False,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="How long the answer may get.")] = 150,
    stage: Annotated[str | None, typer.Option(help="Which stage, where several are deployed.")] = None,
    aws: Annotated[bool, typer.Option("--aws", help="The account's AWS, though a local one runs.")] = False,
) -> None:
    """Ask the deployed LLM; the answer goes to standard output, its figures to standard error."""
    progress = Progress()
    text = sys.stdin.read() if question == "-" else question
    if not text.strip():
        raise UsageError("The question is empty.", advice="Give some text, or - to read standard input.")
    choose_target(Project.locate(), progress, aws=aws)
    session = boto3.Session()
    address = EndpointAddress.from_stack(endpoint_stack(session, stage), session=session)
    with EndpointClient(address, session=session) as client:
        print_answer(client, text, max_new_tokens=max_new_tokens, as_it_comes=stream, progress=progress)
