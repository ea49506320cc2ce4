"""A document's bytes to clean text: Markdown where the format has structure.

HTML, PDF and DOCX are read by libraries made for them (html-to-markdown, pypdf, mammoth). This module does not know
where a document came from or how its text is cut.
"""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date

import html_to_markdown
import mammoth
import pypdf
from charset_normalizer import from_bytes

from rag.cleaning import clean, join_broken_words
from rag.document import Document, Kind, Metadata, RawDocument, category_name, label, parse_date
from rag.errors import DocumentError, DocumentTooLargeError, UnreadableDocumentError, UnsupportedDocumentError

# A DOCX is a zip archive: a small one can unpack to anything.
MAX_UNPACKED_BYTES = 512 * 1024 * 1024

_SAMPLE_BYTES = 64 * 1024
_MAX_UNPRINTABLE_SHARE = 0.05
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?P<head>.{0,8192}?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_MATTER_LINE = re.compile(
    r"^(title|author|category|link|url|date)[ \t]*:[ \t]*(\S.*)$", re.MULTILINE | re.IGNORECASE
)
_FIRST_HEADING = re.compile(r"\A\s*#[ \t]+(?P<title>[^\n]{1,200})")


def convert(raw: RawDocument) -> Document:
    """Read a document. Blocks and computes: call it from a worker thread.

    Returns:
        The document; its text is empty where there is nothing to read in it.

    Raises:
        DocumentError: it cannot be read; the error says why.
    """
    try:
        text, found = _CONVERTERS[raw.kind](raw.data)
    except DocumentError:
        raise
    except Exception as error:  # a parser meets anything in a broken file, and none documents what it raises
        raise UnreadableDocumentError(
            f"{raw.source!r} cannot be read as {raw.kind}: {str(error)[:200] or type(error).__name__}.",
            remedy="Is the file whole, and is it what its name says?",
        ) from error
    text = clean(text)
    found = found.merged_over(Metadata(title=_first_heading(text, raw.kind)))
    metadata = raw.metadata.merged_over(found).merged_over(raw.defaults)
    return Document(
        source=raw.source,
        text=text,
        kind=raw.kind,
        metadata=Metadata(
            title=label(metadata.title),
            author=label(metadata.author),
            category=category_name(metadata.category),
            link=label(metadata.link),
            date=metadata.date,
        ),
        content_hash=raw.content_hash,
    )


def decode(data: bytes) -> str:
    """Return bytes as text, in UTF-8 or in the encoding that they seem to have.

    Raises:
        UnsupportedDocumentError: they are no text.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _printable(data.decode("utf-16", errors="replace"))
    if b"\x00" in data[:_SAMPLE_BYTES]:
        raise _not_text()
    try:
        return _printable(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        guess = from_bytes(data[:_SAMPLE_BYTES]).best()
        if guess is None:
            raise _not_text() from None
        return _printable(data.decode(guess.encoding, errors="replace"))


def _printable(text: str) -> str:
    sample = text[:_SAMPLE_BYTES]
    unprintable = sum(1 for c in sample if c == "\ufffd" or (c < " " and c not in "\n\r\t\f") or "\x7f" <= c <= "\x9f")
    if unprintable > _MAX_UNPRINTABLE_SHARE * len(sample):
        raise _not_text()
    return text


def _not_text() -> UnsupportedDocumentError:
    return UnsupportedDocumentError("it holds binary data, not text.", remedy="Only text can be ingested.")


def _from_text(data: bytes) -> tuple[str, Metadata]:
    return decode(data), Metadata()


def _from_markdown(data: bytes) -> tuple[str, Metadata]:
    text = decode(data).replace("\r\n", "\n")
    head = _FRONT_MATTER.match(text)
    if head is None:
        return text, Metadata()
    values = {key.lower(): value.strip().strip("\"'") for key, value in _FRONT_MATTER_LINE.findall(head["head"])}
    written = values.get("date", "")
    return text[head.end() :], Metadata(
        title=values.get("title", ""),
        author=values.get("author", ""),
        category=values.get("category", ""),
        link=values.get("link", "") or values.get("url", ""),
        date=parse_date(written) if written else None,
    )


def _from_html(data: bytes) -> tuple[str, Metadata]:
    page = decode(data)
    # Menus, forms and footers are no writing; the target of a link only takes tokens from the words.
    options = html_to_markdown.ConversionOptions(
        extract_metadata=False,
        skip_images=True,
        strip_tags=["a"],
        exclude_selectors=["aside", "footer"],
        preprocessing=html_to_markdown.PreprocessingOptions(preset="aggressive"),
    )
    text = html_to_markdown.convert(page, options).content or ""
    head = html_to_markdown.convert(page[:_SAMPLE_BYTES]).metadata.document
    published = {**head.open_graph, **head.meta_tags}.get("article-published_time", "")
    return text, Metadata(
        title=head.title or "",
        author=head.author or "",
        link=head.canonical_url or "",
        date=_date_or_none(published),
    )


def _from_pdf(data: bytes) -> tuple[str, Metadata]:
    reader = pypdf.PdfReader(io.BytesIO(data))
    if reader.is_encrypted and not reader.decrypt(""):
        raise UnreadableDocumentError("the PDF is encrypted.", remedy="Save it without a password.")
    pages = [join_broken_words(page.extract_text()) for page in reader.pages]
    info = reader.metadata
    return "\n\n".join(pages), Metadata(
        title=(info.title or "") if info else "", author=(info.author or "") if info else ""
    )


def _from_docx(data: bytes) -> tuple[str, Metadata]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        unpacked_bytes = sum(member.file_size for member in archive.infolist())
    if unpacked_bytes > MAX_UNPACKED_BYTES:
        raise DocumentTooLargeError(
            f"the DOCX unpacks to {unpacked_bytes:,} bytes.", remedy=f"At most {MAX_UNPACKED_BYTES:,} are taken."
        )
    result = mammoth.convert_to_html(io.BytesIO(data), convert_image=mammoth.images.img_element(lambda _: {}))
    return _from_html(result.value.encode())


def _date_or_none(value: str) -> date | None:
    """A page's own date is a courtesy: one that cannot be read is no reason to refuse the page."""
    try:
        return parse_date(value) if value else None
    except DocumentError:
        return None


def _first_heading(text: str, kind: Kind) -> str:
    if kind is Kind.CODE:
        return ""
    first = _FIRST_HEADING.match(text)
    return label(first["title"].strip("# ")) if first else ""


_CONVERTERS: dict[Kind, Callable[[bytes], tuple[str, Metadata]]] = {
    Kind.TEXT: _from_text,
    Kind.CODE: _from_text,
    Kind.MARKDOWN: _from_markdown,
    Kind.HTML: _from_html,
    Kind.PDF: _from_pdf,
    Kind.DOCX: _from_docx,
}
