"""The candidates of one query: what its two searches found, ranked by both scores. Pure arithmetic, no search."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.fusion import blend
from rag.passage import Hits


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """The union of a dense and a lexical search.

    Attributes:
        keys: of the passages, each once, sorted, so that equal scores always fall the same way.
        vectors: theirs, one row each.
        lexical: BM25 scores, NaN for a passage that shares no word with the query.
    """

    keys: tuple[str, ...]
    vectors: NDArray[np.float32]
    lexical: NDArray[np.float32]

    @classmethod
    def of(cls, dense: Hits, lexical: Hits) -> "Candidates":
        """Join the hits of one query."""
        vectors = {
            key: vector for hits in (dense, lexical) for key, vector in zip(hits.keys, hits.vectors, strict=True)
        }
        scores = dict(zip(lexical.keys, lexical.scores, strict=True))
        keys = sorted(vectors)
        return cls(
            keys=tuple(keys),
            vectors=np.stack([vectors[key] for key in keys]) if keys else np.empty((0, 0), np.float32),
            lexical=np.array([scores.get(key, np.nan) for key in keys], dtype=np.float32),
        )

    def rank(self, query: NDArray[np.float32], *, dense_weight: float) -> NDArray[np.intp]:
        """Return the places of the candidates, best first.

        Args:
            query: the query's vector, unit length.
            dense_weight: share of the dense score.
        """
        if not self.keys:
            return np.empty(0, np.intp)
        scores = blend(self.vectors @ query, self.lexical, dense_weight=dense_weight)
        return np.argsort(-scores, kind="stable")
