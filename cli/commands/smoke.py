"""`twin smoke`: one plain and one streamed invocation of whatever is deployed."""

from typing import Annotated

import typer

from cli.progress import Progress
from cli.project import Project
from cli.target import choose_target
from inference_client.smoke import main as run_smoke


def smoke(
    stage: Annotated[str | None, typer.Option(help="Which stage, where several are deployed.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    aws: Annotated[bool, typer.Option("--aws", help="The account's AWS, though a local one runs.")] = False,
) -> None:
    """Invoke the deployed endpoint once and print answer, tokens and timings; non-zero with the reason if it fails."""
    choose_target(Project.locate(), Progress(quiet=as_json), aws=aws)
    arguments = (["--stage", stage] if stage else []) + (["--json"] if as_json else [])
    raise typer.Exit(run_smoke(arguments))
