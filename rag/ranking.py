"""What the searches for a query found, ranked; and the rankings of several queries, fused. Pure arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rag.candidates import Candidates
from rag.fusion import feed_back, fuse_ranks
from rag.passage import Hits
from rag.retrieval_settings import RetrievalSettings


@dataclass(frozen=True, kw_only=True, eq=False)
class SearchedQuery:
    """One query and what was found.

    Attributes:
        text: the query.
        vector: its own, unit length.
        dense: what is near to it.
        lexical: what shares words with it.
    """

    text: str
    vector: NDArray[np.float32]
    dense: Hits
    lexical: Hits

    @cached_property
    def candidates(self) -> Candidates:
        """What either search found."""
        return Candidates.of(self.dense, self.lexical)

    @property
    def similarity(self) -> float:
        """Cosine similarity of the nearest candidate; -1 where there is none."""
        vectors = self.candidates.vectors
        return float((vectors @ self.vector).max()) if len(vectors) else -1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """The candidates of one query in their order.

    Attributes:
        candidates: what is ranked.
        moved: the query's vector, moved towards the best by the first ranking.
        first: places of the candidates, best first, by the query as it was asked.
        order: the same by the moved vector.
    """

    candidates: Candidates
    moved: NDArray[np.float32]
    first: NDArray[np.intp]
    order: NDArray[np.intp]

    @classmethod
    def of(cls, query: SearchedQuery, settings: RetrievalSettings) -> "Ranking":
        """Rank by both scores, then again by a vector that the best have moved (pseudo-relevance feedback)."""
        candidates = query.candidates
        first = candidates.rank(query.vector, dense_weight=settings.dense_weight)
        moved = query.vector
        if settings.feedback_passages and candidates.keys:
            best = candidates.vectors[first[: settings.feedback_passages]]
            moved = feed_back(query.vector, best, weight=settings.feedback_weight)
        order = candidates.rank(moved, dense_weight=settings.dense_weight)
        return cls(candidates=candidates, moved=moved, first=first, order=order)

    def best_at_first(self, number: int) -> list[str]:
        """Return the keys of the best candidates by the query as it was asked."""
        return [self.candidates.keys[i] for i in self.first[:number]]

    def among(self, candidates: Candidates, settings: RetrievalSettings) -> "Ranking":
        """Rank other candidates by the moved vector."""
        order = candidates.rank(self.moved, dense_weight=settings.dense_weight)
        return replace(self, candidates=candidates, order=order)


def fuse(rankings: Sequence[Ranking], settings: RetrievalSettings) -> dict[str, float]:
    """Return the score of every passage that was found, best first; the first ranking is the question's own."""
    weights = [1.0, *[settings.expansion_weight] * (len(rankings) - 1)]
    return fuse_ranks([[one.candidates.keys[i] for i in one.order] for one in rankings], weights=weights)
