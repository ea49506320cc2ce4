"""`twin status`: what is deployed, whether it is healthy, and whether it is what it says it is."""

import json
from typing import Annotated

import boto3
import typer
from rich.console import Console
from rich.table import Table

from cli.commands.options import ProjectName
from cli.copies import Copy, list_copies
from cli.deployment import Deployment, read_deployments
from cli.errors import NotDeployedError
from cli.owner import DEFAULT_NAME, Owner
from cli.progress import Progress
from cli.project import Project
from cli.target import choose_target


def status(
    name: ProjectName = DEFAULT_NAME,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    aws: Annotated[bool, typer.Option("--aws", help="The account's AWS, though a local one runs.")] = False,
) -> None:
    """Show the deployed stacks, endpoints, components and copies. Exit status 4 where nothing is deployed."""
    project = Project.locate()
    choose_target(project, Progress(quiet=as_json), aws=aws)
    owner = Owner(name=name)
    deployments = read_deployments(boto3.Session(), owner)
    copies = list_copies()
    if as_json:
        document = {
            "deployments": [deployment.to_json() for deployment in deployments],
            "copies": [copy.__dict__ for copy in copies],
        }
        typer.echo(json.dumps(document, indent=2))
        raise typer.Exit(0 if deployments else NotDeployedError.exit_code)
    for deployment in deployments:
        _print(deployment, [c for c in copies if c.component in {part.name for part in deployment.components}])
    if not deployments:
        raise NotDeployedError(
            f"No stack of {owner} is deployed in this account and region.",
            advice="Deploy one: `make up` on this machine, or `cdk deploy -c stage=dev` on AWS.",
        )


def _print(deployment: Deployment, copies: list[Copy]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    table = Table(title=f"{deployment.stack}: {deployment.stack_status}", title_justify="left", show_header=False)
    outputs = deployment.outputs
    table.add_row("endpoint", f"{deployment.endpoint or '-'}  {deployment.endpoint_status}  {deployment.instance_type}")
    table.add_row("model", f"{outputs.get('ModelId', '-')} @ {outputs.get('ModelRevision', '-')}")
    table.add_row("engine", outputs.get("Engine", "-"))
    limits = f"{outputs.get('MaxInputTokens', '?')} input tokens, {outputs.get('MaxTotalTokens', '?')} in all"
    table.add_row("limits", limits)
    for component in deployment.components:
        scaling = f", scales {component.min_copies} to {component.max_copies}" if component.max_copies else ""
        counted = (
            f"adapter of {component.adapter_of}"
            if component.adapter_of
            else f"{component.current_copies} of {component.desired_copies} copies{scaling}"
        )
        table.add_row("component", f"{component.name}  {component.status}  {counted}")
        if component.failure_reason:
            table.add_row("", f"[red]{component.failure_reason}[/red]")
    for copy in copies:
        table.add_row("copy", f"{copy.url}  {copy.status}  process {copy.pid}")
    console.print(table)
    for serves, instead_of in sorted({(c.stand_in_serves, c.stand_in_instead_of) for c in copies if c.stand_in_serves}):
        console.print(f"[bold yellow]STAND-IN:[/bold yellow] {serves} answers in the place of {instead_of},")
        console.print("whose weights are not on this machine. The wire is true, the words are not.")
