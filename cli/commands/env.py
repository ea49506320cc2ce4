"""`twin env`: the exports that make another shell a client of the local AWS."""

import shlex

import typer

from cli.copies import list_copies
from cli.environment import CONFLICTING
from cli.project import Project
from cli.target import running_record


def env() -> None:
    """Print the exports another shell needs: eval "$(twin env)"."""
    project = Project.locate()
    record = running_record(project)
    environment = record.environment(project)
    variables = environment.variables()
    serving = [copy for copy in list_copies(environment.endpoint_url) if copy.status == "InService"]
    if serving:
        variables["TGI_URL"] = serving[0].url
    typer.echo(f"unset {' '.join(CONFLICTING)}")
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")
