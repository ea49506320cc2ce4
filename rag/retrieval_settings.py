"""How retrieval works: depths, weights and thresholds."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RetrievalSettings:
    """How retrieval works.

    Attributes:
        depth: candidates of each search, or as many passages as are asked for where that is more.
        dense_weight: share of the dense score in a query's ranking; between 0.6 and 0.7 hardly anything changes.
        feedback_passages: how many of the best move the query's vector and give words to search for; 0 turns both off.
        feedback_weight: of their mean vector, against 1 for the query's own.
        feedback_words: how many words they give; 0 turns the second search off.
        feedback_words_weight: of all these words, against 1 for all of the question's own.
        feedback_words_max_passages: a larger store is not searched by word a second time, which takes longer there than
            all the rest.
        expansion_weight: of an expansion's ranking, against 1 for the question's own.
        min_expansion_similarity: cosine to the question below which an expansion has left its subject and is not used.
        min_similarity: cosine to the question below which nothing was found, unless one passage has every word of it.
        rerank_depth: how many of the best a cross-encoder orders.
    """

    depth: int = 100
    dense_weight: float = 0.6
    feedback_passages: int = 5
    feedback_weight: float = 0.5
    feedback_words: int = 10
    feedback_words_weight: float = 0.5
    feedback_words_max_passages: int = 50_000
    expansion_weight: float = 0.5
    min_expansion_similarity: float = 0.5
    min_similarity: float = 0.3
    rerank_depth: int = 30
