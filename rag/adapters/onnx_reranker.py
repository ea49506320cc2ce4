"""A cross-encoder over ONNX on the CPU, off the event loop.

Its files are named by their paths: no package carries one.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from rag.adapters.model_files import ModelFiles
from rag.adapters.onnx_session import OnnxSession
from rag.errors import ModelFileError

# The MS MARCO cross-encoders read a question and a passage in one window of 512 tokens.
_MAX_TOKENS = 512


class OnnxReranker:
    """A Reranker: one number for a question and a passage read together."""

    def __init__(self, files: ModelFiles, *, max_tokens: int = _MAX_TOKENS, threads: int = 1) -> None:
        """Load a model.

        Args:
            files: of a model whose first output is (pairs, 1): one score per pair.
            max_tokens: its window.
            threads: how many questions are scored at once.

        Raises:
            ModelFileError: the files are no such model.
        """
        self._session = OnnxSession(files, max_tokens=max_tokens)
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="rerank")
        shape = next(output.shape for _, _, output in self._session.run(self._session.encode([("a", "b")])))
        if shape != (1, 1):
            raise ModelFileError(
                f"{files.name!r} gives a result of shape {shape} for one pair.",
                remedy="A cross-encoder gives one score, shape (1, 1).",
            )

    async def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return one score per text; higher is better."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._score, question, texts)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(cancel_futures=True)

    def _score(self, question: str, texts: Sequence[str]) -> list[float]:
        scores = [0.0] * len(texts)
        for places, _, output in self._session.run(self._session.encode([(question, text) for text in texts])):
            for place, score in zip(places, output[:, 0], strict=True):
                scores[place] = float(score)
        return scores
