"""What the tests of rag share: a small embedder for speed, the real one for truth, language models that misbehave."""

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rag.adapters.lance_store import LanceStore
from rag.adapters.model_files import packaged_minilm
from rag.adapters.onnx_embedder import OnnxEmbedder
from rag.document import Kind, Metadata, RawDocument
from rag.errors import GenerationError
from rag.prompting import Prompt
from rag.protocols import Chunk, Completion, Embedder, EmbedderIdentity, Usage


class WordEmbedder:
    """Words hashed into a vector: an Embedder that takes microseconds, and in which equal words are near."""

    def __init__(self, *, dimensions: int = 64, window_tokens: int = 64, name: str = "words") -> None:
        self.identity = EmbedderIdentity(
            name=name, fingerprint=name, dimensions=dimensions, window_tokens=window_tokens
        )
        self.embedded: list[str] = []

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def token_starts(self, text: str) -> list[int]:
        return [match.start() for match in re.finditer(r"\S+", text)]

    async def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded += texts
        return self._embed(texts)

    async def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self._embed(texts)

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.full((len(texts), self.identity.dimensions), 1e-3, np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                row[int.from_bytes(hashlib.blake2s(word.encode(), digest_size=4).digest()) % len(row)] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


class ScriptedGenerator:
    """A Generator that says what a test tells it to: pieces of text, and an error where one is due."""

    def __init__(
        self,
        *pieces: str,
        error: GenerationError | None = None,
        finish_reason: str = "stop",
        delay_s: float = 0.0,
    ) -> None:
        self.pieces = pieces
        self.error = error
        self.finish_reason = finish_reason
        self.prompts: list[Prompt] = []
        self.schemas: list[Mapping[str, object] | None] = []
        self.delay_s = delay_s
        self.closed = False

    async def generate(
        self, prompt: Prompt, *, max_new_tokens: int, timeout_s: float, json_schema: Mapping[str, object] | None = None
    ) -> Completion:
        self.prompts.append(prompt)
        self.schemas.append(json_schema)
        await asyncio.sleep(self.delay_s)
        if self.error:
            raise self.error
        return Completion(text="".join(self.pieces), finish_reason=self.finish_reason, usage=Usage())

    async def stream(self, prompt: Prompt, *, max_new_tokens: int, timeout_s: float) -> AsyncGenerator[Chunk, None]:
        self.prompts.append(prompt)
        try:
            for piece in self.pieces:
                await asyncio.sleep(self.delay_s)
                yield Chunk(text=piece)
            if self.error:
                raise self.error
            yield Chunk(text="", finish_reason=self.finish_reason, usage=Usage(input_tokens=1, output_tokens=2))
        finally:
            self.closed = True


def _raw(source: str, text: str, **metadata: object) -> RawDocument:
    return RawDocument(
        source=source,
        data=text.encode(),
        kind=Kind.MARKDOWN,
        metadata=Metadata(**metadata),  # type: ignore[arg-type]  # a test names fields of the metadata
    )


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def raw() -> Callable[..., RawDocument]:
    return _raw


@pytest.fixture
def word_embedder() -> type[WordEmbedder]:
    return WordEmbedder


@pytest.fixture
def words() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def scripted() -> type[ScriptedGenerator]:
    return ScriptedGenerator


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[..., LanceStore]]:
    stores: list[LanceStore] = []

    def open_(embedder: Embedder, *, location: str | Path = tmp_path / "store", refresh_s: float = 0.0) -> LanceStore:
        stores.append(LanceStore(location, embedder=embedder.identity, refresh_s=refresh_s))
        return stores[-1]

    yield open_
    for store in stores:
        store.close()


@pytest.fixture(scope="session")
def minilm() -> Iterator[OnnxEmbedder]:
    embedder = OnnxEmbedder(packaged_minilm(), threads=2)
    yield embedder
    embedder.close()
