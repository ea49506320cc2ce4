"""What rag needs from outside, as four protocols: Embedder, Reranker, PassageStore, Generator.

Every `async` method here keeps the event loop free: an implementation that computes or blocks does so in a bounded pool
of threads. Implementations raise the errors of errors.py, and no others that a caller could foresee.
"""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.document import Metadata
from rag.filters import Facets, Filters
from rag.passage import EmbeddedPassage, Hits, Passage
from rag.prompting import Prompt


@dataclass(frozen=True, kw_only=True)
class EmbedderIdentity:
    """What makes two vectors comparable.

    Attributes:
        name: the model's.
        fingerprint: the SHA-256 of its weights.
        dimensions: length of a vector.
        window_tokens: tokens of a passage that it reads; what follows is ignored.
    """

    name: str
    fingerprint: str
    dimensions: int
    window_tokens: int


class Tokens(Protocol):
    """The embedder's own reading of a text. Computes on the caller's thread: call it from a worker."""

    @property
    def identity(self) -> EmbedderIdentity:
        """What makes its vectors comparable."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens of the window each text takes, without the model's own marks."""

    def token_starts(self, text: str) -> Sequence[int]:
        """Return the position, in characters, at which each token of a text starts; ascending."""


class Embedder(Tokens, Protocol):
    """Texts to vectors of length one, so that their dot product is their cosine similarity."""

    async def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row per text, shape (texts, dimensions)."""

    async def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one row per text.

        Apart from passages, because some models mark the two differently, and because a question is not kept waiting
        by a running ingest.
        """


class Reranker(Protocol):
    """A cross-encoder: reads a question and a passage together."""

    async def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return one relevance score per text; higher is better, and only their order means anything."""


@dataclass(frozen=True, kw_only=True)
class DocumentEntry:
    """What the store knows of one document.

    Attributes:
        source: its identity.
        content_hash: of what it was when it was ingested.
        passages: how many it was cut into.
        metadata: its metadata.
        ingested_at: when, UTC.
    """

    source: str
    content_hash: str
    passages: int
    metadata: Metadata
    ingested_at: datetime


@dataclass(frozen=True, kw_only=True)
class StoreSize:
    """How much a store holds."""

    documents: int
    passages: int


class PassageWriter(Protocol):
    """The one writer of a store. Every call is one commit: readers see all of it or none."""

    async def content_hashes(self) -> Mapping[str, str]:
        """Return the content hash of every document, by source."""

    async def replace(self, passages: Sequence[EmbeddedPassage], *, sources: Collection[str]) -> None:
        """Make these passages everything that the store holds of these sources."""

    async def remove(self, sources: Collection[str]) -> int:
        """Remove whole documents; return how many passages went."""


class PassageStore(Protocol):
    """Embedded passages, searchable by vector and by word."""

    async def search_dense(self, vector: NDArray[np.float32], *, limit: int, filters: Filters) -> Hits:
        """Return the passages nearest to a unit-length vector, best first, scored by cosine similarity."""

    async def search_lexical(self, query: str, *, limit: int, filters: Filters) -> Hits:
        """Return the passages that share words with the query, best first, scored by BM25.

        A word that the query has twice counts twice.
        """

    async def passages(self, keys: Sequence[str]) -> dict[str, Passage]:
        """Return passages by the keys of hits; one that is no longer there is left out."""

    async def facets(self) -> Facets:
        """Return the values that filters can have."""

    async def documents(self, *, limit: int, offset: int = 0, filters: Filters | None = None) -> list[DocumentEntry]:
        """Return documents in the order of their sources."""

    async def size(self) -> StoreSize:
        """Return how much it holds; nothing for a store that does not exist yet."""

    def writer(self, *, rebuild: bool = False) -> AbstractAsyncContextManager[PassageWriter]:
        """Become the one writer.

        Args:
            rebuild: start from an empty store, whatever embedder it was built with.

        Raises:
            StoreLockedError: another writer is at work.
            EmbedderChangedError: its vectors come from another embedder, and this is no rebuild.
        """


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Tokens of one call, None where the model did not say."""

    input_tokens: int | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, kw_only=True)
class Completion:
    """A whole text from the language model.

    Attributes:
        text: without the stop sequence that ended it.
        finish_reason: `stop` (it had finished), or `length` (it ran into its token limit).
        usage: tokens of the call.
    """

    text: str
    finish_reason: str
    usage: Usage


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """A piece of a stream; the last one has a finish reason.

    Attributes:
        text: what was generated since the last chunk; may be empty.
        finish_reason: `stop` or `length` on the last chunk, None before.
        usage: tokens of the call, on the last chunk.
    """

    text: str
    finish_reason: str | None = None
    usage: Usage | None = None


class Generator(Protocol):
    """The language model, wherever it runs. Raises the GenerationErrors, and cancels upstream when it is cancelled."""

    async def generate(
        self, prompt: Prompt, *, max_new_tokens: int, timeout_s: float, json_schema: Mapping[str, object] | None = None
    ) -> Completion:
        """Return a whole text; with a JSON schema, a text that the engine's grammar holds to it."""

    def stream(self, prompt: Prompt, *, max_new_tokens: int, timeout_s: float) -> AsyncGenerator[Chunk, None]:
        """Yield a text as it is made. Closing it stops the generation."""
