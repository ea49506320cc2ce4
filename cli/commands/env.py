"""`twin env`: the exports that make another shell a client of the local AWS."""

import shlex

import boto3
import typer

from cli.copies import list_copies
from cli.deployment import read_deployments
from cli.environment import CONFLICTING, LocalEnvironment
from cli.owner import Owner
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
    variables |= _book_settings(environment)
    typer.echo(f"unset {' '.join(CONFLICTING)}")
    for name, value in variables.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


def _book_settings(environment: LocalEnvironment) -> dict[str, str]:
    """What the book's client reads, so that its lines run as they are printed."""
    environment.enter()
    deployed = [d for d in read_deployments(boto3.Session(), Owner()) if d.endpoint and d.components]
    if len(deployed) != 1:
        return {}
    return {
        "SAGEMAKER_ENDPOINT_INFERENCE": deployed[0].endpoint,
        "SAGEMAKER_INFERENCE_COMPONENT": deployed[0].components[0].name,
    }
