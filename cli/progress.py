"""Progress for people: one line per step, with its time, and a spinner while it runs where there is a terminal.

Everything goes to standard error, so that standard output holds only what a command answers.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape


class Progress:
    """Reports the steps of a command.

    Args:
        quiet: report nothing (for ``--json``).
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.console = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str) -> Iterator["Step"]:
        """A step that takes time: announced when it starts, ticked with its seconds when it ends."""
        started_s = time.monotonic()
        console = self.console
        if not console.is_terminal:
            console.print(f"  … {escape(title)}")
        with console.status(escape(title)) as status:
            step = Step(console, title, status.update)
            try:
                yield step
            except BaseException:
                console.print(f"  [red]✗[/red] {escape(title)} ({time.monotonic() - started_s:.1f} s)")
                raise
        done = f"{escape(title)}{' · ' + escape(step.result) if step.result else ''}"
        console.print(f"  [green]✓[/green] {done} [dim]({time.monotonic() - started_s:.1f} s)[/dim]")

    def say(self, text: str = "") -> None:
        """Print one line of plain text."""
        self.console.print(escape(text))

    def heading(self, text: str) -> None:
        """Print the title of a part."""
        self.console.print(f"\n[bold]{escape(text)}[/bold]")


class Step:
    """A running step.

    Attributes:
        result: what to add to the step's line when it ends.
    """

    def __init__(self, console: Console, title: str, update: Callable[[str], None]) -> None:
        self.result = ""
        self._console = console
        self._title = title
        self._update = update

    def now(self, detail: str) -> None:
        """Show what the step is doing at the moment, where there is a terminal to show it on."""
        width = max(20, self._console.width - len(self._title) - 8)
        self._update(f"{escape(self._title)} [dim]{escape(detail[:width])}[/dim]")
