"""Texts to vectors with an ONNX encoder on the CPU, off the event loop."""

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from rag.adapters.model_files import ModelFiles
from rag.adapters.onnx_session import OnnxSession
from rag.protocols import EmbedderIdentity

# [CLS] and [SEP].
_OWN_MARKS = 2
# all-MiniLM-L6-v2 was trained on 256 tokens and its publisher cuts there, though its positions reach 512.
# https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/blob/main/sentence_bert_config.json
_MAX_TOKENS = 256


class Pooling(StrEnum):
    """How the vectors of a text's tokens become its own: their mean (MiniLM, E5), or the first one (BGE)."""

    MEAN = "mean"
    FIRST = "first"


class OnnxEmbedder:
    """An Embedder over a sentence encoder of the BERT family.

    Questions have their own thread: they are not kept waiting by an ingest, which uses the other ones.
    """

    def __init__(
        self,
        files: ModelFiles,
        *,
        max_tokens: int = _MAX_TOKENS,
        pooling: Pooling = Pooling.MEAN,
        query_prefix: str = "",
        passage_prefix: str = "",
        threads: int | None = None,
    ) -> None:
        """Load a model.

        Args:
            files: the model's.
            max_tokens: its window, with its own marks.
            pooling: how it was trained to be read.
            query_prefix: what it was trained to see before a question.
            passage_prefix: what it was trained to see before a passage.
            threads: how many passages are computed at once; the machine's processors where not given.

        Raises:
            ModelFileError: the files are no model.
        """
        self._session = OnnxSession(files, max_tokens=max_tokens)
        self._pooling = pooling
        self._query_prefix = query_prefix
        self._passage_prefix = passage_prefix
        self._threads = threads or os.cpu_count() or 1
        self._query_pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="embed-query")
        self._passage_pool = ThreadPoolExecutor(max_workers=self._threads, thread_name_prefix="embed-passage")
        marks = _OWN_MARKS + sum(self._session.count_tokens([passage_prefix]))
        # The identity's fingerprint covers the reading, too: another pooling makes other vectors of the same weights.
        reading = f"{pooling}|{max_tokens}|{query_prefix}|{passage_prefix}"
        self.identity = EmbedderIdentity(
            name=files.name if reading == f"mean|{_MAX_TOKENS}||" else f"{files.name} ({reading})",
            fingerprint=files.weights_sha256,
            dimensions=self._embed(["dimensions"]).shape[1],
            window_tokens=max_tokens - marks,
        )

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return each text's number of tokens."""
        return self._session.count_tokens(texts)

    def token_starts(self, text: str) -> Sequence[int]:
        """Return the position in characters at which each token starts."""
        return self._session.token_starts(text)

    async def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit-length row per text; the texts are shared out among the threads."""
        loop = asyncio.get_running_loop()
        marked = [self._passage_prefix + text for text in texts]
        # Texts of like length in one share: padding is computed too.
        order = sorted(range(len(marked)), key=lambda i: len(marked[i]))
        shares = [order[i : i + 8] for i in range(0, len(order), 8)]
        rows = np.zeros((len(marked), self.identity.dimensions), np.float32)
        done = await asyncio.gather(
            *(loop.run_in_executor(self._passage_pool, self._embed, [marked[i] for i in share]) for share in shares)
        )
        for share, vectors in zip(shares, done, strict=True):
            rows[share] = vectors
        return rows

    async def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit-length row per text."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._query_pool, self._embed, [self._query_prefix + text for text in texts])

    def close(self) -> None:
        """End the threads."""
        self._query_pool.shutdown(cancel_futures=True)
        self._passage_pool.shutdown(cancel_futures=True)

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        encodings = self._session.encode(texts)
        rows: dict[int, NDArray[np.float32]] = {}
        for places, mask, output in self._session.run(encodings):
            pooled = self._pool(output, mask) if output.ndim == 3 else output
            norms = np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), 1e-12)
            rows.update(zip(places, pooled / norms, strict=True))
        return np.stack([rows[place] for place in range(len(texts))]) if rows else np.zeros((0, 0), np.float32)

    def _pool(self, tokens: NDArray[np.float32], mask: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._pooling is Pooling.FIRST:
            return tokens[:, 0]
        weights = mask[:, :, None]
        return np.asarray((tokens * weights).sum(axis=1) / weights.sum(axis=1), dtype=np.float32)
