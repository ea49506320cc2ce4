"""A question to passages, best first.

Every query (the question, and what it was expanded to) is searched by vector and by word at once. The candidates of one
query are ranked by both scores (candidates.py); the rankings of several queries are fused by rank. Equal texts count
once. A cross-encoder, where one is configured, orders the best; without one the fusion is the order, and it is not
called anything more. This module does not know who stores, embeds or reranks.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rag.candidates import Candidates
from rag.errors import InvalidQuestionError
from rag.filters import Filters
from rag.fusion import fuse_ranks
from rag.passage import Passage, RetrievedPassage
from rag.protocols import Embedder, PassageStore, Reranker
from rag.timing import Stage, Timings
from rag.words import content_words, shared_words

MAX_QUESTION_CHARACTERS = 8192
# How many of the best by word are looked at for every word of the question.
_WORD_CHECKS = 3


@dataclass(frozen=True, kw_only=True)
class RetrievalSettings:
    """How retrieval works.

    Attributes:
        depth: candidates of each search, or as many passages as are asked for where that is more.
        dense_weight: share of the dense score in a query's ranking; between 0.6 and 0.8 hardly anything changes.
        feedback_passages: how many of the best move the query's vector; 0 turns it off.
        feedback_weight: how far.
        expansion_weight: of an expansion's ranking, against 1 for the question's own.
        min_expansion_similarity: cosine to the question below which an expansion has left its subject and is not used.
        min_similarity: cosine to the question below which nothing was found, unless one passage has every word of it.
        rerank_depth: how many of the best a cross-encoder orders.
    """

    depth: int = 100
    dense_weight: float = 0.7
    feedback_passages: int = 5
    feedback_weight: float = 0.5
    expansion_weight: float = 0.5
    min_expansion_similarity: float = 0.5
    min_similarity: float = 0.3
    rerank_depth: int = 30


@dataclass(frozen=True, kw_only=True)
class Retrieval:
    """What was retrieved, and how.

    Attributes:
        passages: best first.
        is_found: whether anything reached the threshold; the passages are there in any case.
        filters: the filters that held in the end.
        expansions: the expansions that were used.
        notes: what a person should know about how it went.
    """

    passages: tuple[RetrievedPassage, ...]
    is_found: bool
    filters: Filters
    expansions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class _Query:
    """One query and its candidates."""

    text: str
    vector: NDArray[np.float32]
    candidates: Candidates


class Retriever:
    """Searches a store."""

    def __init__(
        self,
        *,
        store: PassageStore,
        embedder: Embedder,
        reranker: Reranker | None = None,
        settings: RetrievalSettings | None = None,
    ) -> None:
        self._store = store
        self._embedder = embedder
        self._reranker = reranker
        self._settings = settings or RetrievalSettings()

    async def retrieve(
        self,
        question: str,
        *,
        k: int,
        filters: Filters | None = None,
        understood: Filters | None = None,
        expansions: Sequence[str] = (),
        timings: Timings | None = None,
    ) -> Retrieval:
        """Retrieve the k best passages.

        Args:
            question: what is asked.
            k: how many passages.
            filters: conditions that the caller set: they hold, even if nothing meets them.
            understood: conditions that were read out of the question: dropped where nothing meets them.
            expansions: other wordings of the question.
            timings: takes the durations of the stages.

        Raises:
            InvalidQuestionError: the question is empty or too long.
            StoreError: the store is missing, corrupt or does not answer.
        """
        question = check_question(question)
        timings = timings or Timings()
        asked = filters or Filters()
        held = asked.merged_over(understood or Filters())
        notes: list[str] = []
        queries = await self._search((question, *expansions), held, max(k, self._settings.depth), timings)
        if held != asked and not any(query.candidates.passages for query in queries):
            held = asked
            notes.append("No passage met the filters that were read out of the question, so they were left out.")
            queries = await self._search((question, *expansions), held, max(k, self._settings.depth), timings)
        with timings.measure(Stage.FUSE):
            ranked = self._fuse(queries, limit=max(k, self._settings.rerank_depth if self._reranker else 0))
            is_found = self._is_found(queries[0])
        if self._reranker and ranked:
            ranked = await self._rerank(self._reranker, question, ranked, timings, notes)
        return Retrieval(
            passages=tuple(ranked[:k]),
            is_found=is_found,
            filters=held,
            expansions=tuple(query.text for query in queries[1:]),
            notes=tuple(notes),
        )

    async def _search(self, texts: Sequence[str], filters: Filters, depth: int, timings: Timings) -> list[_Query]:
        """Search for every text by vector and by word; words need no vector, so they are searched for meanwhile."""
        lexical = asyncio.gather(*(self._store.search_lexical(text, limit=depth, filters=filters) for text in texts))
        try:
            with timings.measure(Stage.EMBED):
                vectors = await self._embedder.embed_queries(texts)
            near = vectors @ vectors[0] >= self._settings.min_expansion_similarity
            near[0] = True
            with timings.measure(Stage.SEARCH):
                dense = await asyncio.gather(
                    *(
                        self._store.search_dense(vector, limit=depth, filters=filters)
                        for vector, is_near in zip(vectors, near, strict=True)
                        if is_near
                    )
                )
                by_word = await lexical
        except BaseException:
            lexical.cancel()
            await asyncio.gather(lexical, return_exceptions=True)
            raise
        kept = [i for i, is_near in enumerate(near) if is_near]
        return [
            _Query(text=texts[i], vector=vectors[i], candidates=Candidates.of(hits, by_word[i]))
            for i, hits in zip(kept, dense, strict=True)
        ]

    def _fuse(self, queries: Sequence[_Query], *, limit: int) -> list[RetrievedPassage]:
        """Return the best passages of all queries, each text once."""
        settings = self._settings
        found: dict[str, tuple[Passage, NDArray[np.float32]]] = {}
        rankings: list[list[str]] = []
        for query in queries:
            order = query.candidates.rank(
                query.vector,
                dense_weight=settings.dense_weight,
                feedback_passages=settings.feedback_passages,
                feedback_weight=settings.feedback_weight,
            )
            passages = [query.candidates.passages[i] for i in order]
            found.update({p.id: (p, query.candidates.vectors[i]) for p, i in zip(passages, order, strict=True)})
            rankings.append([p.id for p in passages])
        weights = [1.0, *[settings.expansion_weight] * (len(queries) - 1)]
        question = queries[0]
        lexical = dict(zip((p.id for p in question.candidates.passages), question.candidates.lexical, strict=True))
        fused = fuse_ranks(rankings, weights=weights)
        best: dict[str, RetrievedPassage] = {}
        for key, score in fused.items():
            passage, vector = found[key]
            if len(best) < limit and passage.text not in best:
                best[passage.text] = RetrievedPassage(
                    passage=passage,
                    score=score,
                    similarity=float(vector @ question.vector),
                    lexical=float(np.nan_to_num(lexical.get(key, np.float32(0)))),
                )
        return list(best.values())

    def _is_found(self, query: _Query) -> bool:
        """Return whether anything is near to the question, or has every word of it."""
        candidates = query.candidates
        if not candidates.passages:
            return False
        if float((candidates.vectors @ query.vector).max()) >= self._settings.min_similarity:
            return True
        words = content_words(query.text)
        nearest = np.argsort(-np.nan_to_num(candidates.lexical), kind="stable")[:_WORD_CHECKS]
        return bool(words) and any(shared_words(words, candidates.passages[i].content) == words for i in nearest)

    async def _rerank(
        self,
        reranker: Reranker,
        question: str,
        ranked: list[RetrievedPassage],
        timings: Timings,
        notes: list[str],
    ) -> list[RetrievedPassage]:
        head, tail = ranked[: self._settings.rerank_depth], ranked[self._settings.rerank_depth :]
        try:
            with timings.measure(Stage.RERANK):
                scores = await reranker.score(question, [r.passage.content for r in head])
        except Exception as error:  # any failure of a reranker leaves an order that is good without it
            notes.append(f"Reranking failed ({type(error).__name__}), so the order is that of the fusion.")
            return ranked
        order = sorted(range(len(head)), key=lambda i: (-scores[i], i))
        return [replace(head[i], score=scores[i]) for i in order] + tail


def check_question(question: str) -> str:
    """Return a question without the space around it.

    Raises:
        InvalidQuestionError: it is empty or too long.
    """
    if not question.strip():
        raise InvalidQuestionError("the question is empty.", remedy="Ask something.")
    if len(question) > MAX_QUESTION_CHARACTERS:
        raise InvalidQuestionError(
            f"the question has {len(question):,} characters.", remedy=f"At most {MAX_QUESTION_CHARACTERS:,} are taken."
        )
    return question.strip()
