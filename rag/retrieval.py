"""A question to passages, best first.

Every query (the question, and what it was expanded to) is searched by vector and by word at once. The candidates of one
query are ranked by both scores (candidates.py). What the best of them have in common moves the query's vector, and the
question is searched by word once more with their words (feedback.py). The rankings of several queries are fused by
rank. Equal texts count once. A cross-encoder, where one is configured, orders the best; without one the fusion is the
order, and it is not called anything more. This module does not know who stores, embeds or reranks.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rag.candidates import Candidates
from rag.errors import InvalidQuestionError
from rag.feedback import fed_back_query, feedback_words
from rag.filters import Filters
from rag.passage import Passage, RetrievedPassage
from rag.protocols import Embedder, PassageStore, Reranker
from rag.ranking import Ranking, SearchedQuery, fuse
from rag.retrieval_settings import RetrievalSettings
from rag.timing import Stage, Timings
from rag.words import content_words, shared_words

MAX_QUESTION_CHARACTERS = 8192
# How many of the best by word are looked at for every word of the question.
_WORD_CHECKS = 3


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
        if held != asked and not any(query.candidates.keys for query in queries):
            held = asked
            notes.append("No passage met the filters that were read out of the question, so they were left out.")
            queries = await self._search((question, *expansions), held, max(k, self._settings.depth), timings)
        with timings.measure(Stage.FUSE):
            rankings = [Ranking.of(query, self._settings) for query in queries]
        with timings.measure(Stage.SEARCH):
            rankings[0] = await self._search_again(queries[0], rankings[0], held, max(k, self._settings.depth))
        with timings.measure(Stage.FUSE):
            scores = fuse(rankings, self._settings)
        with timings.measure(Stage.SEARCH):
            limit = max(k, self._settings.rerank_depth if self._reranker else 0)
            is_near = queries[0].similarity >= self._settings.min_similarity
            # Where nothing is near, the best by word are looked at: they are read with the rest.
            checked = () if is_near else queries[0].lexical.keys[:_WORD_CHECKS]
            ranked, read = await self._read(queries[0], rankings, scores, limit=limit, also=checked)
            is_found = is_near or _has_every_word(question, [read[i] for i in checked if i in read])
        if self._reranker and ranked:
            ranked = await self._rerank(self._reranker, question, ranked, timings, notes)
        return Retrieval(
            passages=tuple(ranked[:k]),
            is_found=is_found,
            filters=held,
            expansions=tuple(query.text for query in queries[1:]),
            notes=tuple(notes),
        )

    async def _search(
        self, texts: Sequence[str], filters: Filters, depth: int, timings: Timings
    ) -> list[SearchedQuery]:
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
            SearchedQuery(text=texts[i], vector=vectors[i], dense=hits, lexical=by_word[i])
            for i, hits in zip(kept, dense, strict=True)
        ]

    async def _search_again(self, query: SearchedQuery, ranking: Ranking, filters: Filters, depth: int) -> Ranking:
        """Search by word again, with the words of the passages that are best so far; return the ranking with those."""
        settings = self._settings
        keys = ranking.best_at_first(settings.feedback_passages)
        if not settings.feedback_words or not keys:
            return ranking
        if (await self._store.size()).passages > settings.feedback_words_max_passages:
            return ranking
        best = await self._store.passages(keys)
        words = feedback_words([best[key].content for key in keys if key in best], number=settings.feedback_words)
        if not words:
            return ranking
        text = fed_back_query(query.text, words, weight=settings.feedback_words_weight)
        lexical = await self._store.search_lexical(text, limit=depth, filters=filters)
        return ranking.among(Candidates.of(query.dense, lexical), settings)

    async def _read(
        self,
        question: SearchedQuery,
        rankings: Sequence[Ranking],
        scores: Mapping[str, float],
        *,
        limit: int,
        also: Sequence[str],
    ) -> tuple[list[RetrievedPassage], dict[str, Passage]]:
        """Return the best passages, each text once; and by key all that were read, those that are wanted also too."""
        vectors = {i: v for one in rankings for i, v in zip(one.candidates.keys, one.candidates.vectors, strict=True)}
        lexical = dict(zip(question.lexical.keys, question.lexical.scores, strict=True))
        keys, best, read = list(scores), dict[str, RetrievedPassage](), dict[str, Passage]()
        # Few texts are there twice: a second reading is rare.
        while keys and len(best) < limit:
            chosen, keys = keys[:limit], keys[limit:]
            read |= await self._store.passages([i for i in dict.fromkeys((*chosen, *also)) if i not in read])
            for key in chosen:
                passage = read.get(key)
                if passage is not None and len(best) < limit and passage.text not in best:
                    best[passage.text] = RetrievedPassage(
                        passage=passage,
                        score=scores[key],
                        similarity=float(vectors[key] @ question.vector),
                        lexical=float(lexical.get(key, 0.0)),
                    )
        return list(best.values()), read

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


def _has_every_word(question: str, passages: Sequence[Passage]) -> bool:
    words = content_words(question)
    return bool(words) and any(shared_words(words, passage.content) == words for passage in passages)


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
