"""POST /v1/chat/completions and GET /v1/models: the twin for every client that speaks OpenAI's API."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic_core import to_json
from starlette.responses import Response

from service.callers import may_ask
from service.chat import Piece, answer_chat, completion_id, list_models
from service.disconnect import unless_left
from service.event_stream import EventStreamResponse, encode_event, event_stream_answer
from service.problem_responses import note_problem, openai_document
from service.request_record import current_request_id
from service.routers.dependencies import AnswerPlace, Shared, openai_problems
from service.wire.openai import (
    AssistantMessage,
    ChatCompletion,
    ChatCompletionRequest,
    Choice,
    CompletionUsage,
    ModelsOut,
)
from service.wire.rag import SourceOut, sources_document

router = APIRouter(prefix="/v1", tags=["openai"], dependencies=[Depends(may_ask)])

_DONE = b"data: [DONE]\n\n"
_STREAMED = event_stream_answer(
    "The answer; with `stream`, server-sent events of `chat.completion.chunk` objects, then `[DONE]`.",
    names=(),
    example='data: {"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"The"}}]}\n\n',
)


@router.get("/models", responses=openai_problems(401, 403))
async def models(state: Shared) -> ModelsOut:
    """List the models: the twin, which retrieves before it answers, and the plain model that it writes with."""
    return ModelsOut(data=list_models(state, created=int(time.time())))


@router.post(
    "/chat/completions",
    dependencies=[AnswerPlace],
    response_model=ChatCompletion,
    responses={**_STREAMED, **openai_problems(401, 403, 404, 408, 409, 429, 502, 503, 504)},
)
async def chat_completions(asked: ChatCompletionRequest, request: Request, state: Shared) -> ChatCompletion | Response:
    """Answer a chat, in one piece or streamed. A caller who leaves ends the generation."""
    pieces = answer_chat(asked, state)
    head = Head(
        id=completion_id(current_request_id()),
        created=int(time.time()),
        model=asked.model,
        includes_usage=asked.includes_usage,
    )
    if not asked.stream:
        return await unless_left(request, _whole(pieces, head))
    # Until the first piece of text, an error can still be told by the status.
    first = await unless_left(request, _first_pieces(pieces))
    return EventStreamResponse(_events(first, pieces, head))


@dataclass(frozen=True, kw_only=True)
class Head:
    """What every object of one answer begins with."""

    id: str
    created: int
    model: str
    includes_usage: bool

    def chunk(self, delta: dict[str, str], *, finish_reason: str | None = None, **more: Any) -> dict[str, Any]:
        """Return one chunk of a stream."""
        return self._object(
            [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}],
            **({"usage": None} if self.includes_usage else {}),
            **more,
        )

    def text_chunk(self, text: str) -> bytes:
        """Return the chunk of a piece of text, encoded: most of a stream is these, and all but the text is alike."""
        before, after = self._around_text
        return b"%s%s%s" % (before, to_json(text), after)

    @cached_property
    def _around_text(self) -> tuple[bytes, bytes]:
        before, after = encode_event(self.chunk({"content": self.id})).rsplit(to_json(self.id), 1)
        return before, after

    def usage_chunk(self, usage: CompletionUsage) -> dict[str, Any]:
        """Return the chunk that tells what an answer cost."""
        return self._object([], usage=usage.model_dump())

    def _object(self, choices: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "system_fingerprint": None,
            "choices": choices,
            **more,
        }


async def _whole(pieces: AsyncGenerator[Piece, None], head: Head) -> ChatCompletion:
    text: list[str] = []
    sources: list[SourceOut] = []
    async with aclosing(pieces):
        async for piece in pieces:
            text.append(piece.text)
            if piece.sources is not None:
                sources = [SourceOut.of_source(source) for source in piece.sources]
            if piece.finish_reason:
                message = AssistantMessage(content="".join(text))
                return ChatCompletion(
                    id=head.id,
                    created=head.created,
                    model=head.model,
                    choices=[Choice(message=message, finish_reason=_reason(piece))],
                    usage=_usage(piece),
                    sources=sources,
                    notes=list(piece.notes),
                )
    raise AssertionError("an answer that ends well ends with a finish reason")


async def _first_pieces(pieces: AsyncGenerator[Piece, None]) -> list[Piece]:
    """Return the pieces up to the first that has text or is the last."""
    first: list[Piece] = []
    try:
        async for piece in pieces:
            first.append(piece)
            if piece.text or piece.finish_reason:
                break
    except BaseException:
        await pieces.aclose()
        raise
    return first


async def _events(first: list[Piece], rest: AsyncGenerator[Piece, None], head: Head) -> AsyncGenerator[bytes, None]:
    try:
        async with aclosing(rest):
            yield encode_event(head.chunk({"role": "assistant", "content": ""}))
            for piece in first:
                yield _encoded(piece, head)
            async for piece in rest:
                yield _encoded(piece, head)
        yield _DONE
    except Exception as error:
        yield encode_event(openai_document(note_problem(error)))


def _encoded(piece: Piece, head: Head) -> bytes:
    if piece.finish_reason:
        last = encode_event(head.chunk({}, finish_reason=piece.finish_reason, notes=list(piece.notes)))
        return last + encode_event(head.usage_chunk(_usage(piece))) if head.includes_usage else last
    if piece.sources is not None:
        return encode_event(head.chunk({}, sources=sources_document(piece.sources)))
    return head.text_chunk(piece.text)


def _reason(piece: Piece) -> Literal["stop", "length"]:
    return "length" if piece.finish_reason == "length" else "stop"


def _usage(piece: Piece) -> CompletionUsage:
    return CompletionUsage.of(piece.usage.input_tokens, piece.usage.output_tokens) if piece.usage else CompletionUsage()
