"""The candidates of one query: what its two searches found, ranked by both scores. Pure arithmetic, no search."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.fusion import blend, feed_back
from rag.passage import Hit, Passage


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """The union of a dense and a lexical search.

    Attributes:
        passages: each once, in the order of their ids, so that equal scores always fall the same way.
        vectors: theirs, one row each.
        lexical: BM25 scores, NaN for a passage that shares no word with the query.
    """

    passages: tuple[Passage, ...]
    vectors: NDArray[np.float32]
    lexical: NDArray[np.float32]

    @classmethod
    def of(cls, dense: Sequence[Hit], lexical: Sequence[Hit]) -> "Candidates":
        """Join the hits of one query."""
        hits = {hit.passage.id: hit for hit in (*dense, *lexical)}
        scores = {hit.passage.id: hit.score for hit in lexical}
        ids = sorted(hits)
        return cls(
            passages=tuple(hits[i].passage for i in ids),
            vectors=np.stack([hits[i].vector for i in ids]) if ids else np.empty((0, 0), np.float32),
            lexical=np.array([scores.get(i, np.nan) for i in ids], dtype=np.float32),
        )

    def rank(
        self, query: NDArray[np.float32], *, dense_weight: float, feedback_passages: int, feedback_weight: float
    ) -> NDArray[np.intp]:
        """Return the places of the candidates, best first.

        Args:
            query: the query's vector, unit length.
            dense_weight: share of the dense score.
            feedback_passages: how many of the best move the query's vector before the final ranking; 0 for none.
            feedback_weight: how far they move it.
        """
        if not self.passages:
            return np.empty(0, np.intp)
        order = _descending(blend(self.vectors @ query, self.lexical, dense_weight=dense_weight))
        if not feedback_passages:
            return order
        moved = feed_back(query, self.vectors[order[:feedback_passages]], weight=feedback_weight)
        return _descending(blend(self.vectors @ moved, self.lexical, dense_weight=dense_weight))


def _descending(scores: NDArray[np.float32]) -> NDArray[np.intp]:
    return np.argsort(-scores, kind="stable")
