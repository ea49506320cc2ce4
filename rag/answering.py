"""A question to an answer with sources, streamed.

understand → retrieve → pack → generate. Each stage may be worse than hoped for, and the answer then says so: only a
store that cannot be searched and a model that does not write are failures. Closing the stream stops the generation.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from rag.answer import NOTHING_FOUND, Answer, Done, Event, SourcesFound, StageBegun, TextMade
from rag.errors import StreamBrokenError
from rag.filters import Filters
from rag.prompting import Message
from rag.retrieval import Retrieval, Retriever, check_question
from rag.timing import Stage, Timings
from rag.understanding import Understander, Understanding
from rag.writing import Writer, Written

NOTHING_FOUND_TEXT = "I found nothing about this in what I have been given."
DEFAULT_PASSAGES = 8


class Answerer:
    """Answers questions from a store, in the voice of the model.

    Args:
        retriever: finds passages.
        writer: writes from them.
        understander: reads the question first; None where nothing does.
        passages: how many are retrieved where a question does not say.
    """

    def __init__(
        self,
        *,
        retriever: Retriever,
        writer: Writer,
        understander: Understander | None = None,
        passages: int = DEFAULT_PASSAGES,
    ) -> None:
        self._passages = passages
        self._retriever = retriever
        self._writer = writer
        self._understander = understander

    async def answer(
        self,
        question: str,
        *,
        k: int | None = None,
        filters: Filters | None = None,
        history: Sequence[Message] = (),
        max_new_tokens: int | None = None,
    ) -> Answer:
        """Return a whole answer; arguments and errors as for `stream`."""
        events = self.stream(question, k=k, filters=filters, history=history, max_new_tokens=max_new_tokens)
        async with aclosing(events):
            async for event in events:
                if isinstance(event, Done):
                    return event.answer
        raise StreamBrokenError("the stream ended without an answer.")

    async def stream(
        self,
        question: str,
        *,
        k: int | None = None,
        filters: Filters | None = None,
        history: Sequence[Message] = (),
        max_new_tokens: int | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Yield an answer's events; the last one is `Done`.

        Args:
            question: what is asked.
            k: passages to retrieve, the answerer's own number where None; as many of them as fit are quoted.
            filters: which documents to look at; they hold, even if nothing meets them.
            history: the turns before, oldest first; the oldest go where there is no room.
            max_new_tokens: of the answer.

        Raises:
            InvalidQuestionError: the question is empty or too long.
            StoreError: the store is missing, corrupt or does not answer.
            GenerationError: the model did not finish its answer; what it wrote is in the error.
        """
        question = check_question(question)
        timings = Timings()
        understood = Understanding()
        if self._understander:
            yield StageBegun(stage=Stage.UNDERSTAND)
            with timings.measure(Stage.UNDERSTAND):
                understood = await self._understander.understand(question)
        yield StageBegun(stage=Stage.SEARCH)
        retrieval = await self._retriever.retrieve(
            question,
            k=k or self._passages,
            filters=filters,
            understood=understood.filters,
            expansions=understood.expansions,
            timings=timings,
        )
        notes = tuple(note for note in (understood.problem, *retrieval.notes) if note)
        if not retrieval.is_found:
            yield SourcesFound(sources=())
            yield TextMade(text=NOTHING_FOUND_TEXT)
            yield Done(answer=_nothing_found(retrieval, notes, timings))
            return
        pieces = self._writer.write(
            question, retrieval.passages, history=history, max_new_tokens=max_new_tokens, timings=timings
        )
        async with aclosing(pieces):
            async for piece in pieces:
                yield Done(answer=_answer(piece, retrieval, notes, timings)) if isinstance(piece, Written) else piece


def _nothing_found(retrieval: Retrieval, notes: tuple[str, ...], timings: Timings) -> Answer:
    return Answer(
        text=NOTHING_FOUND_TEXT,
        sources=(),
        finish_reason=NOTHING_FOUND,
        timings_ms=timings.as_ms(),
        notes=notes,
        filters=retrieval.filters,
        expansions=retrieval.expansions,
    )


def _answer(written: Written, retrieval: Retrieval, notes: tuple[str, ...], timings: Timings) -> Answer:
    dropped = len(written.packed.dropped)
    more = []
    if dropped:
        more.append(f"{dropped} of {len(retrieval.passages)} passages had no room in the prompt.")
    if written.invented:
        named = ", ".join(map(str, written.invented))
        more.append(f"The model cited passages that it was not given ({named}); these citations were taken out.")
    return Answer(
        text=written.text,
        sources=written.packed.sources,
        cited=written.cited,
        finish_reason=written.finish_reason,
        usage=written.usage,
        timings_ms=timings.as_ms(),
        notes=(*notes, *more),
        invented_citations=written.invented,
        dropped_passages=dropped,
        filters=retrieval.filters,
        expansions=retrieval.expansions,
    )
