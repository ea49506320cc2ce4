"""Several rankings to one. Pure arithmetic on keys, scores and vectors.

Two ways, each where it is the better one:

- *Within one query*, dense and lexical scores are blended: each is standardized over the query's candidates and the two
  are added with a weight. A score says by how much one passage is better than the next, which a rank forgets; Bruch et
  al. 2023 (https://doi.org/10.1145/3596512) find such a blend above reciprocal-rank fusion, in and out of its domain.
- *Across queries*, whose scores cannot be compared, ranks are: reciprocal-rank fusion with k = 60, Cormack et al. 2009
  (https://doi.org/10.1145/1571941.1572114).
"""

from collections.abc import Hashable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

RRF_K = 60

Key = TypeVar("Key", bound=Hashable)


def fuse_ranks(rankings: Sequence[Sequence[Key]], *, weights: Sequence[float] | None = None) -> dict[Key, float]:
    """Fuse rankings by reciprocal rank.

    Args:
        rankings: keys, best first; a key counts once in each.
        weights: of each ranking; all 1 where not given.

    Returns:
        The score of each key, sum of weight / (60 + rank from 1); best first, ties in the order in which they were met.
    """
    scores: dict[Key, float] = {}
    for ranking, weight in zip(rankings, weights or [1.0] * len(rankings), strict=True):
        for rank, key in enumerate(dict.fromkeys(ranking), start=1):
            scores[key] = scores.get(key, 0.0) + weight / (RRF_K + rank)
    return dict(sorted(scores.items(), key=lambda item: -item[1]))


def blend(dense: NDArray[np.float32], lexical: NDArray[np.float32], *, dense_weight: float) -> NDArray[np.float32]:
    """Blend two kinds of score of the same candidates.

    Args:
        dense: cosine similarities, one per candidate.
        lexical: BM25 scores; NaN where a candidate shares no word with the query: it counts as the worst that does.
        dense_weight: share of the dense score, 0 to 1.
    """
    matched = ~np.isnan(lexical)
    if not matched.any():
        return dense
    filled = np.where(matched, lexical, lexical[matched].min())
    return (dense_weight * _standardized(dense) + (1 - dense_weight) * _standardized(filled)).astype(np.float32)


def feed_back(query: NDArray[np.float32], best: NDArray[np.float32], *, weight: float) -> NDArray[np.float32]:
    """Move a query's vector towards the mean of the passages that seem to answer it (Rocchio 1971), length one again.

    Args:
        query: unit length.
        best: one row per passage.
        weight: of their mean, against 1 for the query.
    """
    moved = query + weight * best.mean(axis=0)
    return np.asarray(moved / max(float(np.linalg.norm(moved)), 1e-12), dtype=np.float32)


def _standardized(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((scores - scores.mean()) / (scores.std() + 1e-6), dtype=np.float32)
