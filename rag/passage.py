"""A passage: a piece of a document that is embedded, found, quoted and cited as a whole."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rag.document import Metadata


@dataclass(frozen=True, kw_only=True)
class Passage:
    """One piece of one document.

    Attributes:
        source: the identity of its document.
        content_hash: the hash of its document's content when it was cut.
        position: its place in the document, from 0.
        passages: how many passages the document has.
        heading: title and section path, the context that it is embedded and searched with.
        text: the words themselves, as quoted.
        metadata: its document's.
    """

    source: str
    content_hash: str
    position: int
    passages: int
    heading: str
    text: str
    metadata: Metadata

    @cached_property
    def id(self) -> str:
        """A key that is the same whenever this place of this document is cut again."""
        return f"{hashlib.sha256(self.source.encode()).hexdigest()[:32]}-{self.position:06d}"

    @property
    def content(self) -> str:
        """What is embedded and searched: the heading, then the text."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text


@dataclass(frozen=True, kw_only=True)
class EmbeddedPassage:
    """A passage and its unit-length vector."""

    passage: Passage
    vector: NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Hits:
    """What one search found, best first: enough to rank it. The passages themselves are read when they are chosen.

    Attributes:
        keys: what the store knows the passages by, for as long as a question takes.
        vectors: theirs, unit length, one row each.
        scores: the search's own: cosine similarity (dense) or BM25 (lexical). Higher is better.
    """

    keys: tuple[str, ...]
    vectors: NDArray[np.float32]
    scores: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, kw_only=True)
class RetrievedPassage:
    """A passage in its final place.

    Attributes:
        passage: what was retrieved.
        score: what it was ranked by: of the reranker where one is configured, else of the fusion.
        similarity: cosine similarity to the question, -1 to 1.
        lexical: BM25 score of the question, 0 where no word of it matched.
    """

    passage: Passage
    score: float
    similarity: float
    lexical: float
