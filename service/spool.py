"""Documents that were accepted and not yet ingested, on disk: what was promised with a 202 survives a crash.

A job is a folder with its order and its files. It is written under another name and renamed when it is complete, so
that a half-written one is never taken for a job. All functions block; callers use a thread.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from rag.document import Metadata, RawDocument
from rag.errors import DocumentError
from rag.reading import Rejected, describe, read_records

_ORDER = "order.json"
_INCOMING = ".incoming-"
RECORD_SUFFIXES = (".jsonl", ".ndjson")


class JobKind(StrEnum):
    """What a job does with documents."""

    INGEST = "ingest"
    REMOVE = "remove"


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a job is to do.

    Attributes:
        id: the job's.
        kind: what to do.
        submitted_at: when it was accepted, UTC.
        sources: of an ingest, what its files are called, in their order; of a removal, what to remove.
        defaults: metadata of documents that say nothing themselves.
    """

    id: str
    kind: JobKind
    submitted_at: datetime
    sources: tuple[str, ...]
    defaults: Metadata


class Spool:
    """A folder of jobs.

    Args:
        folder: made on first use.
        max_document_bytes: a larger document of a job is rejected.
    """

    def __init__(self, folder: Path, *, max_document_bytes: int) -> None:
        self._folder = folder
        self._max_document_bytes = max_document_bytes

    def open(self) -> list[Order]:
        """Make the folder, clear away what never became a job, and return the jobs that wait, oldest first."""
        self._folder.mkdir(parents=True, exist_ok=True)
        orders = []
        for entry in self._folder.iterdir():
            if entry.name.startswith(_INCOMING):
                shutil.rmtree(entry, ignore_errors=True)
            elif (entry / _ORDER).is_file():
                orders.append(_read_order(entry / _ORDER))
        return sorted(orders, key=lambda order: (order.submitted_at, order.id))

    def begin(self, job_id: str) -> Path:
        """Return a new folder for the files of a job; they are called 0, 1, 2, …."""
        folder = self._folder / f"{_INCOMING}{job_id}"
        folder.mkdir(parents=True)
        return folder

    def commit(self, order: Order) -> None:
        """Make a job of what was written since `begin`."""
        incoming = self._folder / f"{_INCOMING}{order.id}"
        incoming.mkdir(parents=True, exist_ok=True)
        document = {**asdict(order), "submitted_at": order.submitted_at.isoformat()}
        document["defaults"]["date"] = order.defaults.date.isoformat() if order.defaults.date else None
        (incoming / _ORDER).write_text(json.dumps(document), encoding="utf-8")
        incoming.rename(self._folder / order.id)

    def discard(self, job_id: str) -> None:
        """Remove a job, or the beginning of one, with its files."""
        for name in (job_id, f"{_INCOMING}{job_id}"):
            shutil.rmtree(self._folder / name, ignore_errors=True)

    def documents(self, order: Order) -> Iterator[RawDocument | Rejected]:
        """Read the documents of an ingest, one at a time."""
        for number, source in enumerate(order.sources):
            file = self._folder / order.id / str(number)
            try:
                if source.lower().endswith(RECORD_SUFFIXES):
                    yield from read_records(
                        file, source=source, defaults=order.defaults, max_document_bytes=self._max_document_bytes
                    )
                else:
                    yield describe(file.read_bytes(), source=source, defaults=order.defaults)
            except DocumentError as error:
                yield Rejected(source=source, error=error)


def _read_order(file: Path) -> Order:
    said: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    defaults = said["defaults"]
    if defaults["date"]:
        defaults["date"] = datetime.fromisoformat(defaults["date"]).date()
    return Order(
        id=said["id"],
        kind=JobKind(said["kind"]),
        submitted_at=datetime.fromisoformat(said["submitted_at"]),
        sources=tuple(said["sources"]),
        defaults=Metadata(**defaults),
    )
