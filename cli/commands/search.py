"""`twin search`: passages of the knowledge, without asking the LLM."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from cli.progress import Progress
from cli.project import Project
from cli.shown_sources import name_of
from cli.target import choose_target
from rag.filters import Filters

_SHOWN_CHARACTERS = 300


def search(  # noqa: PLR0917 - the options of the command
    query: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option("-k", min=1, max=50, help="How many passages.")] = 5,
    author: Annotated[str | None, typer.Option(help="Only documents of this author.")] = None,
    category: Annotated[str | None, typer.Option(help="Only documents of this category.")] = None,
    store: Annotated[str | None, typer.Option(help="A folder or s3://bucket/prefix; default: .twin/knowledge.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show the passages nearest to a query, by meaning and by word; needs no LLM."""
    project = Project.locate()
    progress = Progress(quiet=as_json)
    # Seconds of imports that other commands do not need.
    from cli.knowledge import open_knowledge  # noqa: PLC0415
    from cli.service_settings import NO_KEYS, choose_store, make_settings  # noqa: PLC0415
    from service.wire.shared import PassageOut  # noqa: PLC0415

    settings = make_settings(NO_KEYS | {"store": choose_store(project, store)})
    if "://" in settings.store:
        choose_target(project, progress, aws=False)
    with open_knowledge(settings) as knowledge:
        retrieval = asyncio.run(
            knowledge.retriever.retrieve(query, k=k, filters=Filters(author=author, category=category))
        )
    passages = [PassageOut.of(one).model_dump(mode="json") for one in retrieval.passages]
    if as_json:
        typer.echo(json.dumps({"passages": passages, "notes": list(retrieval.notes)}, indent=2, ensure_ascii=False))
    else:
        _print(passages)
        for note in retrieval.notes:
            progress.say(f"note: {note}")
        if not passages:
            progress.say("nothing was found")
        elif not retrieval.is_found:
            progress.say("note: none of these is near enough to the query to be an answer")


def _print(passages: Sequence[Mapping[str, Any]]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for number, one in enumerate(passages, start=1):
        console.print(f"[bold]{number}.[/bold] {escape(name_of(one))}")
        text = " ".join(one["text"].split())
        console.print(f"   {escape(text[:_SHOWN_CHARACTERS])}{'…' if len(text) > _SHOWN_CHARACTERS else ''}")
