"""A chat, answered by the twin (with retrieval) or by the plain model: either way as the same pieces.

This module does not know OpenAI's wire beyond what was asked; how pieces are written is the router's business.
"""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from inference_client import GenerationParameters, InvalidParameterError
from rag.answer import Done, Event, SourcesFound, TextMade
from rag.packing import Source
from rag.prompting import Message, Role
from rag.protocols import Chunk, Usage
from service.adapters import plain_models, twin_models
from service.answer_log import AnswerLog
from service.errors import InvalidRequestError, UnknownModelError
from service.generator import TEMPERATURE
from service.lifespan import ServiceState
from service.wire.openai import ChatCompletionRequest, ChatMessage, ModelOut


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A step of an answer; the last one has a finish reason.

    Attributes:
        text: the next piece of text; may be empty.
        sources: what the answer is made from, where that is known now; a later value replaces it.
        finish_reason: `stop` or `length`, on the last piece.
        usage: tokens of the answer, on the last piece.
        notes: what a person should know, on the last piece.
    """

    text: str = ""
    sources: tuple[Source, ...] | None = None
    finish_reason: str | None = None
    usage: Usage | None = None
    notes: tuple[str, ...] = ()


def list_models(state: ServiceState, *, created: int) -> list[ModelOut]:
    """Return the models that can be asked: the twin, and the model that it writes with; each of their adapters, too."""
    address = state.endpoint.address
    return [
        *(ModelOut(id=name, created=created, owned_by="llm-twin") for name in twin_models(address)),
        *(ModelOut(id=name, created=created, owned_by="endpoint") for name in plain_models(address)),
    ]


def answer_chat(asked: ChatCompletionRequest, state: ServiceState) -> AsyncGenerator[Piece, None]:
    """Return the pieces of an answer to a chat.

    Raises:
        UnknownModelError: there is no such model.
        InvalidRequestError: the chat is not one that the model can answer.
    """
    twins, plain = twin_models(state.endpoint.address), plain_models(state.endpoint.address)
    if asked.model in twins:
        *before, last = asked.messages
        if last.role != "user":
            raise InvalidRequestError(
                f"The last message is the {last.role}'s; it must be the user's.", parameter="messages"
            )
        answerer = state.answerer(adapter=twins[asked.model])
        events = answerer.stream(
            last.text, history=[_turn(message) for message in before], max_new_tokens=asked.max_new_tokens
        )
        return _twin(AnswerLog(state, last.text).follow(events))
    if asked.model in plain:
        generator = state.generator.with_adapter(plain[asked.model])
        turns = [{"role": str(turn.role), "content": turn.content} for turn in map(_turn, asked.messages)]
        chunks = generator.chat(turns, parameters=_parameters(asked, state), timeout_s=state.settings.answer_timeout_s)
        return _plain(AnswerLog(state, asked.messages[-1].text).follow_chat(chunks))
    known = ", ".join([*twins, *plain])
    raise UnknownModelError(f"There is no model {asked.model[:100]!r}; there are: {known}.", parameter="model")


async def _twin(events: AsyncGenerator[Event, None]) -> AsyncGenerator[Piece, None]:
    async with aclosing(events):
        async for event in events:
            if isinstance(event, SourcesFound):
                yield Piece(sources=event.sources)
            elif isinstance(event, TextMade):
                yield Piece(text=event.text)
            elif isinstance(event, Done):
                reason = "length" if event.answer.finish_reason == "length" else "stop"
                yield Piece(finish_reason=reason, usage=event.answer.usage, notes=event.answer.notes)


async def _plain(chunks: AsyncGenerator[Chunk, None]) -> AsyncGenerator[Piece, None]:
    async with aclosing(chunks):
        async for chunk in chunks:
            if chunk.text:
                yield Piece(text=chunk.text)
            if chunk.finish_reason:
                yield Piece(finish_reason=chunk.finish_reason, usage=chunk.usage or Usage())


def _turn(message: ChatMessage) -> Message:
    role = Role.SYSTEM if message.role == "developer" else Role(message.role)
    return Message(role=role, content=message.text)


def _parameters(asked: ChatCompletionRequest, state: ServiceState) -> GenerationParameters:
    """Return what was asked for in the engine's words.

    The client refuses a temperature of 0 and the engine a top_p of 1: OpenAI's "greedy" is next to it, and its "all
    tokens" is what holds where nothing is sent.
    """
    most = min(state.settings.max_new_tokens, (state.endpoint.address.max_total_tokens or 2048) // 2)
    try:
        return GenerationParameters(
            max_new_tokens=min(asked.max_new_tokens or most, state.settings.max_new_tokens),
            temperature=None if asked.temperature is None else max(asked.temperature, TEMPERATURE),
            top_p=asked.top_p if asked.top_p != 1 else None,
            frequency_penalty=asked.frequency_penalty,
            seed=asked.seed,
            stop=(asked.stop,) if isinstance(asked.stop, str) else tuple(asked.stop) if asked.stop else None,
        )
    except InvalidParameterError as error:
        raise InvalidRequestError(str(error)) from error


def completion_id(request_id: str | None) -> str:
    """Return the id of a completion, by which its request is found in the logs."""
    return f"chatcmpl-{request_id or time.time_ns()}"
