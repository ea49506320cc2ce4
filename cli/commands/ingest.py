"""`twin ingest`: documents into the knowledge that the twin answers from."""

import asyncio
import datetime
import json
from pathlib import Path
from typing import Annotated

import typer

from cli.errors import CliError
from cli.progress import Progress
from cli.project import Project
from rag.document import Metadata, parse_date
from rag.outcome import IngestReport, Outcome
from rag.reading import list_files, read_files

_WITH_REASON = (Outcome.REJECTED, Outcome.EMPTY)


def ingest(  # noqa: PLR0917 - the options of the command
    paths: Annotated[list[Path], typer.Argument(help="Files, folders, and .jsonl files of records.")],
    store: Annotated[str | None, typer.Option(help="A folder or s3://bucket/prefix; default: .twin/knowledge.")] = None,
    author: Annotated[str, typer.Option(help="Of documents that do not say it themselves.")] = "",
    category: Annotated[str, typer.Option(help="Likewise: post, article, repository, or your own word.")] = "",
    date: Annotated[str, typer.Option(help="Likewise: as 2026-05-31.")] = "",
    prune: Annotated[bool, typer.Option("--prune", help="Remove what the store has and these paths have not.")] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Begin anew, as another embedder needs.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Take documents in; only what is new or changed is embedded. Exit status 1 where a document was rejected."""
    progress = Progress(quiet=as_json)
    defaults = Metadata(author=author, category=category, date=_day(date))
    report = ingest_paths(
        Project.locate(), progress, paths, store=store, defaults=defaults, prune=prune, rebuild=rebuild
    )
    rejected = report.counts().get(Outcome.REJECTED, 0)
    if as_json:
        typer.echo(json.dumps(_document(report), indent=2, ensure_ascii=False))
        raise typer.Exit(CliError.exit_code if rejected else 0)
    for one in report.outcomes:
        if one.outcome in _WITH_REASON:
            progress.say(f"  {one.outcome}: {one.source}: {one.reason}")
    if rejected:
        raise CliError(f"{rejected} of {len(report.outcomes)} documents could not be taken in; the others are in.")


def ingest_paths(
    project: Project,
    progress: Progress,
    paths: list[Path],
    *,
    store: str | None = None,
    base: Path | None = None,
    defaults: Metadata | None = None,
    prune: bool = False,
    rebuild: bool = False,
) -> IngestReport:
    """Take documents in, with progress.

    Args:
        project: whose own store is the default.
        progress: where it is shown.
        paths: files, folders, and .jsonl files of records.
        store: a folder or s3://bucket/prefix.
        base: what a document's source is written from; the current folder where None.
        defaults: what holds for documents that do not say it themselves.
        prune: remove what the store has and these paths have not.
        rebuild: begin with an empty store.

    Raises:
        RagError: a path does not exist, or the store cannot be written.
    """
    files = list_files(paths)
    # Seconds of imports: a path that does not exist is told before them.
    from cli.knowledge import open_knowledge  # noqa: PLC0415
    from cli.service_settings import NO_KEYS, choose_store, make_settings  # noqa: PLC0415

    settings = make_settings(NO_KEYS | {"store": choose_store(project, store)})
    with progress.step(f"ingest into {_shown(settings.store)}") as step, open_knowledge(settings) as knowledge:
        report = asyncio.run(
            knowledge.ingestor.ingest(
                read_files(files, base=base or Path.cwd(), defaults=defaults or Metadata()),
                total=len(files),
                prune_under="" if prune else None,
                rebuild=rebuild,
                report=lambda now: step.now(f"{now.documents_done} of {now.documents_total} · {now.source}"),
            )
        )
        fates = ", ".join(f"{count} {outcome}" for outcome, count in report.counts().items())
        step.result = f"{fates or 'no documents'} · {report.passages_embedded} passages embedded"
    return report


def _shown(store: str) -> str:
    if "://" in store or not Path(store).is_relative_to(Path.cwd()):
        return store
    return str(Path(store).relative_to(Path.cwd()))


def _day(text: str) -> datetime.date | None:
    return parse_date(text) if text else None


def _document(report: IngestReport) -> dict[str, object]:
    return {
        "documents": [
            {"source": one.source, "outcome": one.outcome, "passages": one.passages, "reason": one.reason}
            for one in report.outcomes
        ],
        "passages_embedded": report.passages_embedded,
        "duration_s": round(report.duration_s, 3),
    }
