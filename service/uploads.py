"""The body of an upload into the spool: multipart files, or JSON Lines. Nothing is held in memory whole."""

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from starlette.datastructures import UploadFile
from starlette.requests import Request

from rag.document import Metadata, category_name, label, parse_date
from rag.errors import DocumentError
from service.errors import InvalidRequestError, UnsupportedMediaTypeError
from service.spool import RECORD_SUFFIXES

MULTIPART = "multipart/form-data"
JSON_LINES = ("application/x-ndjson", "application/jsonl", "application/jsonlines")
_LABELS = ("title", "author", "category", "link", "date")
_MAX_FIELD_BYTES = 4096
_MAX_SOURCE_CHARACTERS = 1024


async def receive_upload(request: Request, folder: Path, *, max_files: int) -> tuple[tuple[str, ...], Metadata]:
    """Write an upload's files into a folder, as 0, 1, 2, ….

    Args:
        request: with a body of one of the media types above.
        folder: of the spool.
        max_files: how many are taken.

    Returns:
        What the files are called, in their order, and the metadata of documents that say nothing themselves.

    Raises:
        UnsupportedMediaTypeError: the body is of another kind.
        InvalidRequestError: there are no files, a name is missing, or a field is not allowed.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in JSON_LINES:
        await _stream_to(folder / "0", request)
        return (f"upload{RECORD_SUFFIXES[0]}",), _defaults(request.query_params)
    if media_type != MULTIPART:
        raise UnsupportedMediaTypeError(
            f"The Content-Type is {media_type[:100]!r}; allowed: {MULTIPART} with the documents as `files`, "
            f"or JSON Lines as {' or '.join(JSON_LINES)}."
        )
    async with request.form(max_files=max_files, max_fields=len(_LABELS), max_part_size=_MAX_FIELD_BYTES) as form:
        fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        files = [(name, value) for name, value in form.multi_items() if isinstance(value, UploadFile)]
        unknown = sorted({name for name, _ in files if name != "files"} | set(fields) - set(_LABELS))
        if unknown:
            raise InvalidRequestError(
                f"The form has {', '.join(unknown)[:200]!r}; allowed: `files`, and the fields {', '.join(_LABELS)}."
            )
        if not files:
            raise InvalidRequestError("There are no documents in the form; send them as `files`.", parameter="files")
        defaults = _defaults(fields)
        sources = tuple(_source(file.filename) for _, file in files)
        for number, (_, file) in enumerate(files):
            await asyncio.to_thread(_copy, file.file, folder / str(number))
    return sources, defaults


async def _stream_to(file: Path, request: Request) -> None:
    with await asyncio.to_thread(file.open, "wb") as out:
        async for chunk in request.stream():
            await asyncio.to_thread(out.write, chunk)


def _copy(source: BinaryIO, target: Path) -> None:
    with target.open("wb") as out:
        shutil.copyfileobj(source, out)


def _source(name: str | None) -> str:
    source = label((name or "").replace("\\", "/"))
    if not source or len(name or "") > _MAX_SOURCE_CHARACTERS:
        raise InvalidRequestError(
            f"A file has no usable name: {(name or '')[:40]!r}. It is the document's identity; allowed: 1 to "
            f"{_MAX_SOURCE_CHARACTERS} characters.",
            parameter="files",
        )
    return source


def _defaults(values: Mapping[str, str]) -> Metadata:
    date = values.get("date", "").strip()
    try:
        return Metadata(
            title=label(values.get("title", "")),
            author=label(values.get("author", "")),
            category=category_name(values.get("category", "")),
            link=label(values.get("link", "")),
            date=parse_date(date) if date else None,
        )
    except DocumentError as error:
        raise InvalidRequestError(str(error), parameter="date") from error
