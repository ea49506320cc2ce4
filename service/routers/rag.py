"""POST /rag and POST /rag/stream: the twin's answers, in one piece and as they are made."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import APIRouter, Depends, Request

from rag.answer import Answer, Done, Event, SourcesFound, StageBegun, TextMade
from service.adapters import deployed_adapter
from service.answer_log import AnswerLog
from service.callers import may_ask
from service.disconnect import unless_left
from service.event_stream import EventStreamResponse, encode_event, event_stream_answer
from service.lifespan import ServiceState
from service.problem_responses import current_document, note_problem
from service.request_record import current_request_id
from service.routers.dependencies import AnswerPlace, Shared, problems
from service.wire.rag import RagAnswer, RagRequest, sources_document

router = APIRouter(tags=["rag"], dependencies=[Depends(may_ask), AnswerPlace])

_EVENTS = event_stream_answer(
    "Events: `stage` (one has begun), `sources` (what the answer is made from; a later one replaces it), `token` (the "
    "next piece of text), and at the end `done` (the whole answer) or `error` (a problem document, with the text so "
    "far as `partial_answer`).",
    names=("stage", "sources", "token", "done", "error"),
    example='event: token\ndata: {"text":"The twin"}\n\n',
)


@router.post("/rag", responses=problems(401, 403, 408, 409, 422, 429, 502, 503, 504))
async def rag(asked: RagRequest, request: Request, state: Shared) -> RagAnswer:
    """Answer a question, with sources, in one piece. A caller who leaves ends the generation."""
    answer = await unless_left(request, _answer(asked, state))
    return RagAnswer.of(answer, request_id=current_request_id() or "")


@router.post(
    "/rag/stream",
    response_class=EventStreamResponse,
    responses={
        **_EVENTS,
        **problems(401, 403, 408, 422, 429),
    },
)
async def rag_stream(asked: RagRequest, state: Shared) -> EventStreamResponse:
    """Answer a question as server-sent events, while the answer is made. A caller who leaves ends the generation."""
    return EventStreamResponse(_events(asked, state))


def _stream(asked: RagRequest, state: ServiceState) -> AsyncGenerator[Event, None]:
    events = state.answerer(adapter=deployed_adapter(asked.adapter, state.endpoint.address)).stream(
        asked.query, k=asked.k, filters=asked.filters.as_filters(), max_new_tokens=asked.max_new_tokens
    )
    return AnswerLog(state, asked.query).follow(events)


async def _answer(asked: RagRequest, state: ServiceState) -> Answer:
    async with aclosing(_stream(asked, state)) as events:
        async for event in events:
            if isinstance(event, Done):
                return event.answer
    raise AssertionError("an answer that ends well ends with Done")


async def _events(asked: RagRequest, state: ServiceState) -> AsyncGenerator[bytes, None]:
    partial: list[str] = []
    try:
        async with aclosing(_stream(asked, state)) as events:
            async for event in events:
                if isinstance(event, TextMade):
                    partial.append(event.text)
                yield _encoded(event)
    except Exception as error:  # the answer has begun: whatever it is must be told as an event
        document = current_document(note_problem(error))
        yield encode_event({**document, "partial_answer": "".join(partial)}, event="error")


def _encoded(event: Event) -> bytes:
    if isinstance(event, TextMade):
        return encode_event({"text": event.text}, event="token")
    if isinstance(event, StageBegun):
        return encode_event({"stage": event.stage.value}, event="stage")
    if isinstance(event, SourcesFound):
        return encode_event({"sources": sources_document(event.sources)}, event="sources")
    answer = RagAnswer.of(event.answer, request_id=current_request_id() or "")
    # The sources were sent already, and are most of its size.
    return encode_event(answer.model_dump(mode="json", exclude={"sources"}), event="done")
