"""Files, folders and JSON Lines to raw documents, one at a time, in a stable order.

Reading is lazy: a folder of any size is never in memory. What cannot be read becomes a `Rejected` with its reason, and
the rest goes on. This module does not look into a document (conversion.py).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rag.document import Category, Kind, Metadata, RawDocument, category_name, label, parse_date
from rag.errors import DocumentError, DocumentTooLargeError, UnreadableDocumentError, UnsupportedDocumentError

MAX_DOCUMENT_BYTES = 64 * 1024 * 1024

_SUFFIXES: Mapping[Kind, str] = {
    Kind.MARKDOWN: "md markdown mdx",
    Kind.HTML: "html htm xhtml",
    Kind.PDF: "pdf",
    Kind.DOCX: "docx",
    Kind.TEXT: "txt text rst adoc log csv tsv",
    Kind.CODE: (
        "py pyi ipynb js mjs cjs jsx ts tsx java kt kts scala c h cc cpp hpp cs go rs rb php swift m lua pl r jl sql "
        "sh bash zsh ps1 tf toml yaml yml json xml css scss ini cfg conf proto graphql dockerfile makefile"
    ),
}
_KINDS = {suffix: kind for kind, suffixes in _SUFFIXES.items() for suffix in suffixes.split()}
# Folders that hold what others wrote, or what a tool made.
_SKIPPED_FOLDERS = frozenset(
    {"node_modules", "__pycache__", "venv", "site-packages", "dist", "build", "target", "cdk.out"}
)
_RECORD_FIELDS = ("id", "text", "title", "author", "category", "link", "date")


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """A document that was found and cannot be read.

    Attributes:
        source: its identity, as far as it has one.
        error: why.
    """

    source: str
    error: DocumentError


def list_files(paths: Sequence[Path]) -> list[Path]:
    """Return every file in some files and folders, sorted, without hidden ones and without links that lead elsewhere.

    A file that is named itself is always in the list.

    Raises:
        UnreadableDocumentError: a path does not exist.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(sorted(_walk(path))))
        elif path.exists():
            found[path] = None
        else:
            raise UnreadableDocumentError(f"{str(path)!r} does not exist.", remedy="Name a file or a folder.")
    return list(found)


def _walk(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        if entry.is_dir():
            if entry.name not in _SKIPPED_FOLDERS:
                yield from _walk(entry)
        elif entry.is_file():
            yield entry


def read_files(
    files: Sequence[Path], *, base: Path, defaults: Metadata, max_document_bytes: int = MAX_DOCUMENT_BYTES
) -> Iterator[RawDocument | Rejected]:
    """Read files, and the records of `.jsonl` files.

    Args:
        files: what `list_files` returned.
        base: a file below it has its path from there as its source; any other its whole path.
        defaults: what holds for documents that say nothing themselves.
        max_document_bytes: a larger file, or record, is rejected.
    """
    for file in files:
        source = file_source(file, base=base)
        try:
            if file.suffix.lower() in {".jsonl", ".ndjson"}:
                yield from read_records(file, source=source, defaults=defaults, max_document_bytes=max_document_bytes)
            else:
                yield _read_file(file, source=source, defaults=defaults, max_document_bytes=max_document_bytes)
        except DocumentError as error:
            yield Rejected(source=source, error=error)
        except OSError as error:
            reason = UnreadableDocumentError(f"it cannot be read: {error.strerror}.", remedy="Check its permissions.")
            yield Rejected(source=source, error=reason)


def file_source(file: Path, *, base: Path) -> str:
    """Return a file's identity: its path from the base where it lies below it, else its whole path."""
    path, root = file.absolute(), base.absolute()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def _read_file(file: Path, *, source: str, defaults: Metadata, max_document_bytes: int) -> RawDocument:
    size_bytes = file.stat().st_size
    if size_bytes > max_document_bytes:
        raise DocumentTooLargeError(
            f"it has {size_bytes:,} bytes.", remedy=f"At most {max_document_bytes:,} are taken."
        )
    return describe(file.read_bytes(), source=source, defaults=defaults)


def describe(
    data: bytes, *, source: str, metadata: Metadata | None = None, defaults: Metadata | None = None
) -> RawDocument:
    """Return bytes as a raw document, its form told from its name, or from its first bytes where the name says nothing.

    Raises:
        UnsupportedDocumentError: no text can be had from that form.
    """
    kind = _kind_of(source, data)
    usual = Metadata(
        title=source.rsplit("/", maxsplit=1)[-1],
        category=Category.REPOSITORY if kind is Kind.CODE else Category.ARTICLE,
    )
    if kind is Kind.CODE:
        usual = replace(usual, title=source)
    return RawDocument(
        source=source,
        data=data,
        kind=kind,
        metadata=metadata or Metadata(),
        defaults=(defaults or Metadata()).merged_over(usual),
    )


def _kind_of(name: str, data: bytes) -> Kind:
    last = name.rsplit("/", maxsplit=1)[-1].lower()
    kind = _KINDS.get(last.rsplit(".", maxsplit=1)[-1])
    head = data[:1024].lstrip()
    if head.startswith(b"%PDF-"):
        return Kind.PDF
    if head.startswith(b"PK\x03\x04"):
        if kind is Kind.DOCX or _is_docx(data):
            return Kind.DOCX
        raise UnsupportedDocumentError("it is an archive.", remedy="Unpack it first.")
    if kind:
        return kind
    return Kind.HTML if head[:15].lower().startswith((b"<!doctype html", b"<html")) else Kind.TEXT


def _is_docx(data: bytes) -> bool:
    return b"word/document.xml" in data[-65_536:]


def read_records(
    file: Path, *, source: str, defaults: Metadata, max_document_bytes: int
) -> Iterator[RawDocument | Rejected]:
    """Read JSON Lines: `{"id", "text", "title", "author", "category", "link", "date"}` a line, all but `text` optional.

    A record's identity is its id, else its link, else the hash of its text under the file's name: a line's number would
    make every later record another one when a line is inserted.
    """
    with file.open("rb") as lines:
        number = 0
        while line := lines.readline(max_document_bytes + 1):
            number += 1
            where = f"{source}#{number}"
            if len(line) > max_document_bytes:
                while line and not line.endswith(b"\n"):
                    line = lines.readline(max_document_bytes)
                too_large = DocumentTooLargeError(
                    f"line {number} is too long.", remedy=f"At most {max_document_bytes:,} bytes are taken."
                )
                yield Rejected(source=where, error=too_large)
            elif line.strip():
                try:
                    yield _record(line, file_source=source, where=where, defaults=defaults)
                except DocumentError as error:
                    yield Rejected(source=where, error=error)


def _record(line: bytes, *, file_source: str, where: str, defaults: Metadata) -> RawDocument:
    remedy = f"A line is one JSON object with a text and any of {', '.join(_RECORD_FIELDS)}."
    try:
        record = json.loads(line)
    except ValueError as error:  # broken JSON, and bytes that are no UTF-8
        raise UnreadableDocumentError(f"{where} is no JSON: {error}.", remedy=remedy) from None
    if not isinstance(record, dict) or not isinstance(record.get("text"), str):
        raise UnreadableDocumentError(f"{where} has no text.", remedy=remedy)
    values = {name: _field(record, name, where, remedy) for name in _RECORD_FIELDS if name != "text"}
    data = record["text"].encode("utf-8", errors="replace")
    raw = RawDocument(
        source=values["id"] or values["link"],
        data=data,
        kind=Kind.MARKDOWN,
        metadata=Metadata(
            title=label(values["title"]),
            author=label(values["author"]),
            category=category_name(values["category"]),
            link=label(values["link"]),
            date=parse_date(values["date"]) if values["date"] else None,
        ),
        defaults=defaults,
    )
    return raw if raw.source else replace(raw, source=f"{file_source}#{raw.content_hash[:16]}")


def _field(record: Mapping[str, object], name: str, where: str, remedy: str) -> str:
    value = record.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UnreadableDocumentError(f"{where} has a {name} that is no text: {str(value)[:40]!r}.", remedy=remedy)
    return str(value).encode("utf-8", errors="replace").decode().strip()
