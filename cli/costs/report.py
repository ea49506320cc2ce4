"""A bill for people: one line for each kind of thing in each stack, the sum, and what it leaves out."""

from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.costs.bill import NOT_PRICED, Bill
from cli.costs.budget import BudgetState
from cli.costs.cost import Cost
from model.hardware import PRICES_READ, PRICES_REGION
from model.standing_prices import HOURS_PER_MONTH, STANDING_PRICES_READ


def print_bill(bill: Bill) -> None:
    """Print it to standard output."""
    console = Console(highlight=False, soft_wrap=True)
    table = Table(title=f"What runs now in {bill.region}", title_justify="left")
    for heading in ("stack", "what", "reckoned from"):
        table.add_column(heading, overflow="fold")
    for heading in ("$ an hour", "$ a month"):
        table.add_column(heading, justify="right", no_wrap=True)
    for stack, costs in groupby(bill.costs, key=lambda cost: cost.resource.stack):
        table.add_section()
        # Alarms, keys and the like come in numbers: those that are priced alike share a line.
        ordered = sorted(costs, key=lambda cost: (-(cost.usd_per_hour or 0.0), cost.what, cost.detail))
        for _, alike in groupby(ordered, key=lambda cost: (cost.what, cost.usd_per_hour)):
            _add_line(table, stack, list(alike))
    table.add_section()
    table.add_row("", "[bold]together[/bold]", "", f"{bill.usd_per_hour:.4f}", f"{bill.usd_per_month:,.2f}")
    console.print(table)
    for cost in bill.costs:
        if span := cost.range:
            console.print(
                f"{escape(cost.resource.name)}: ${span.idle_usd:.3f} an hour idle, ${span.least_usd:.3f} with the "
                f"fewest instances that serve, ${span.most_usd:.3f} with the most"
            )
    for budget in bill.budgets:
        console.print(escape(_describe_budget(budget)))
    if bill.unknown:
        names = ", ".join(cost.resource.name for cost in bill.unknown)
        console.print(f"[yellow]not known, and not in the sum:[/yellow] {escape(names)}")
    console.print(f"Not priced: {NOT_PRICED}.")
    console.print(
        f"List prices on demand, {PRICES_REGION}; instances as of {PRICES_READ}, the rest as of "
        f"{STANDING_PRICES_READ}; {HOURS_PER_MONTH} hours a month; free tiers are not subtracted."
        + (f" Prices in {bill.region} differ." if bill.region != PRICES_REGION else "")
    )


def _add_line(table: Table, stack: str, alike: list[Cost]) -> None:
    first, count = alike[0], len(alike)
    what = first.what if count == 1 else f"{count} x {first.what}"
    details = list(dict.fromkeys(cost.detail for cost in alike if cost.detail))
    if first.by_use:
        details.append(f"by use: {first.by_use}")
    hourly = first.usd_per_hour
    if hourly is None:
        shown = ("not known", "not known")
    elif hourly == 0 and first.by_use and not first.detail:
        shown = ("by use", "by use")
    else:
        shown = (f"{hourly * count:.4f}", f"{hourly * count * HOURS_PER_MONTH:,.2f}")
    table.add_row(escape(stack), escape(what), escape("; ".join(details)), *shown)


def _describe_budget(budget: BudgetState) -> str:
    if budget.limit_usd is None:
        return f"budget {budget.name}: {budget.refusal or 'without a limit'}"
    spent = "an unknown sum" if budget.spent_usd is None else f"${budget.spent_usd:,.2f}"
    forecast = "" if budget.forecast_usd is None else f", ${budget.forecast_usd:,.2f} at this pace"
    return f"budget {budget.name}: {spent} spent this month{forecast}, of ${budget.limit_usd:,.2f}"
