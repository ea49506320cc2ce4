"""What is left, for people: what it is, what it costs, and the command that removes it."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from cli.leftovers.leftover import Leftover


def print_leftovers(left: Sequence[Leftover], *, owner: str, region: str) -> None:
    """Print it to standard output; of nothing, that there is nothing."""
    console = Console(highlight=False, soft_wrap=True)
    for title, those in (
        ("[red]still billed:[/red]", [one for one in left if one.should_go]),
        ("left by every destroy, and billed for what it holds:", [one for one in left if one.billable and one.stays]),
        ("left, and free:", [one for one in left if not one.billable]),
    ):
        if those:
            console.print(title)
        for one in those:
            console.print(f"  {escape(str(one))}: {escape(one.cost)}")
            if one.remove:
                console.print(f"      {escape(one.remove)}")
    if not any(one.should_go for one in left):
        but = " but that" if any(one.billable for one in left) else ""
        console.print(f"[green]nothing billable of {escape(owner)} is left[/green] in {escape(region)}{but}")
