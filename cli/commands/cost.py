"""`twin cost`: what runs now and what it costs."""

import json
from typing import Annotated

import boto3
import typer

from cli.commands.options import ProjectName
from cli.costs.bill import make_bill
from cli.costs.report import print_bill
from cli.costs.resource import list_stacks
from cli.errors import NotDeployedError
from cli.owner import DEFAULT_NAME, Owner
from cli.progress import Progress
from cli.project import Project
from cli.target import choose_target

PRICE_UNKNOWN = 10


def cost(
    stage: Annotated[str | None, typer.Option(help="Only this stage; without, every stage that is deployed.")] = None,
    name: ProjectName = DEFAULT_NAME,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    aws: Annotated[bool, typer.Option("--aws", help="The account's AWS, though a local one runs.")] = False,
) -> None:
    """Show what the deployed stacks run now and what it costs by the hour and the month.

    Exit status: 0 all is priced, 4 nothing is deployed, 10 something has no known price and is not in the sum.

    It asks AWS what is there, and prices it by the dated list prices that come with the project. What is billed by use
    is named and not priced. It changes nothing.
    """
    progress = Progress(quiet=as_json)
    choose_target(Project.locate(), progress, aws=aws)
    session = boto3.Session()
    owner = Owner(name=name, stage=stage)
    with progress.step("asking AWS what is there") as step:
        stacks = [stack for stack in list_stacks(session) if owner.owns(stack)]
        if not stacks:
            raise NotDeployedError(
                f"No stack of {owner} is deployed in this account and region.",
                advice="`twin down --verify` looks for anything that costs money and belongs to no stack.",
            )
        bill = make_bill(session, stacks)
        step.result = f"{len(stacks)} stacks"
    if as_json:
        typer.echo(json.dumps(bill.to_json(), indent=2))
    else:
        print_bill(bill)
    if bill.unknown:
        raise typer.Exit(PRICE_UNKNOWN)
