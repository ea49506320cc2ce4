"""A diagnosis for people: the cause, the next step, and what both rest on."""

from itertools import groupby

from rich.console import Console
from rich.markup import escape

from cli.diagnosis.diagnosis import Diagnosis, Verdict
from cli.diagnosis.evidence import Evidence

_SHOWN_CHARACTERS = 600
_HEADLINES = {
    Verdict.HEALTHY: "[green]healthy[/green]: what the stack made is in service",
    Verdict.IN_PROGRESS: "[yellow]in progress[/yellow]: nothing has failed so far",
    Verdict.NOT_DEPLOYED: "not deployed",
    Verdict.UNEXPLAINED: "[red]something is wrong[/red], in words that no known cause has",
}
_UNEXPLAINED_STEP = "Read the first piece of evidence: it came first, and what follows is often its effect."


def print_diagnosis(diagnosis: Diagnosis) -> None:
    """Print it to standard output."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]{escape(diagnosis.stack)}[/bold]: {escape(diagnosis.stack_status)}")
    if finding := diagnosis.finding:
        console.print(f"[red]cause:[/red] {finding.name}: {escape(finding.explanation)}")
        console.print(f"[bold]next step:[/bold] {escape(finding.next_step)}")
    else:
        console.print(_HEADLINES[diagnosis.verdict])
    if diagnosis.verdict is Verdict.UNEXPLAINED:
        console.print(f"[bold]next step:[/bold] {_UNEXPLAINED_STEP}")
    for note in diagnosis.notes:
        console.print(f"[yellow]note:[/yellow] {escape(note)}")
    if diagnosis.evidence:
        console.print("evidence:")
    for source, pieces in groupby(diagnosis.evidence, key=lambda piece: piece.source):
        _print_evidence(console, source, list(pieces))


def _print_evidence(console: Console, source: str, pieces: list[Evidence]) -> None:
    time = pieces[0].time
    console.print(f"  [dim]{f'{time:%Y-%m-%d %H:%M:%S} UTC' if time else 'now'}  {escape(source)}[/dim]")
    for piece in pieces:
        text = piece.text if len(piece.text) <= _SHOWN_CHARACTERS else f"{piece.text[:_SHOWN_CHARACTERS]}…"
        for line in text.splitlines() or [""]:
            console.print(f"    {escape(line)}")
