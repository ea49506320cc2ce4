"""A document: what one source holds, before anything is cut out of it.

A document's identity is its source: a path, a link, or the id that its record carries. Its content hash decides whether
anything has to be done. This module does not know formats (conversion.py) or files (reading.py).
"""

import datetime
import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from rag.errors import UnreadableDocumentError

# Part of every content hash: raise it when conversion, cleaning or splitting change what a document becomes, and the
# next ingest takes every document in again.
RECIPE = "1"

MAX_LABEL_CHARACTERS = 512


class Kind(StrEnum):
    """The form of a document's bytes."""

    MARKDOWN = "markdown"
    TEXT = "text"
    CODE = "code"
    HTML = "html"
    PDF = "pdf"
    DOCX = "docx"


class Category(StrEnum):
    """What sort of writing it is, by the book's three words. A store may hold others: a record names its own."""

    POST = "post"
    ARTICLE = "article"
    REPOSITORY = "repository"


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What is known about a document beside its text; an empty string or None where it is not known."""

    title: str = ""
    author: str = ""
    category: str = ""
    link: str = ""
    date: datetime.date | None = None

    def merged_over(self, other: "Metadata") -> "Metadata":
        """Return this metadata with what it lacks taken from another."""
        return Metadata(
            title=self.title or other.title,
            author=self.author or other.author,
            category=self.category or other.category,
            link=self.link or other.link,
            date=self.date or other.date,
        )


@dataclass(frozen=True, kw_only=True)
class RawDocument:
    """A document as it was found.

    Attributes:
        source: its identity.
        data: its bytes.
        kind: their form.
        metadata: what the place where it was found says about it.
        defaults: what holds where neither that place nor the document itself says anything.
    """

    source: str
    data: bytes
    kind: Kind
    metadata: Metadata = field(default_factory=Metadata)
    defaults: Metadata = field(default_factory=Metadata)

    @cached_property
    def content_hash(self) -> str:
        """The SHA-256, in hex, of everything that decides what its passages become; computed once, on first use."""
        described = [
            [m.title, m.author, m.category, m.link, m.date.isoformat() if m.date else None]
            for m in (self.metadata, self.defaults)
        ]
        head = json.dumps([RECIPE, self.kind, described], ensure_ascii=True)
        return hashlib.sha256(head.encode() + b"\n" + self.data).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Document:
    """A document as clean text, Markdown where its format had structure."""

    source: str
    text: str
    kind: Kind
    metadata: Metadata
    content_hash: str


def parse_date(value: str) -> datetime.date:
    """Read an ISO 8601 date, or the date of an ISO 8601 time.

    Raises:
        UnreadableDocumentError: it is neither.
    """
    text = value.strip()
    try:
        return datetime.date.fromisoformat(text) if len(text) <= 10 else datetime.datetime.fromisoformat(text).date()
    except ValueError:
        raise UnreadableDocumentError(
            f"the date {value[:40]!r} cannot be read.", remedy="Write it as ISO 8601, for example 2024-05-31."
        ) from None


def label(value: str) -> str:
    """Return a value of the metadata as one printable line of bounded length."""
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())[:MAX_LABEL_CHARACTERS]


def category_name(value: str) -> str:
    """Return a category in its one spelling: lower case, and singular for the three known ones."""
    name = label(value).lower()
    plurals = {"posts": Category.POST, "articles": Category.ARTICLE, "repositories": Category.REPOSITORY}
    return str(plurals.get(name, name))
