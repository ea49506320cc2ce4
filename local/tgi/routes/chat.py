"""/v1/chat/completions and the chat form of /invocations (router/src/server.rs and chat.rs, v3.3)."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.responses import Response

from local.llama.events import DONE, EventStream, encode_event
from local.tgi.chat_request import ChatRequest
from local.tgi.errors import RequestError, in_tgi_words
from local.tgi.generate_request import GenerateRequest
from local.tgi.routes.generate import generate, stream, stream_headers
from local.tgi.routes.openai import describe_error, describe_head, describe_usage
from local.tgi.routes.service import IDLE_S, Service, respond_json
from local.tgi.stopping import FinishReason


async def answer_chat(service: Service, chat: ChatRequest) -> Response:
    """Answer a conversation."""
    request = await template_chat(service, chat)
    if chat.stream:
        headers = stream_headers(service, request.inputs)
        return EventStream(_stream_chunks(service, chat, request), headers=headers, idle_s=IDLE_S)
    headers, answer = await generate(service, request)
    details = answer["details"]
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": answer["generated_text"]},
        "logprobs": _describe_logprobs(details["tokens"], details.get("top_tokens")) if chat.logprobs else None,
        "finish_reason": FinishReason(details["finish_reason"]).as_openai(),
    }
    usage = describe_usage(int(headers["x-prompt-tokens"]), details["generated_tokens"])
    head = describe_head(service, "chat.completion")
    return respond_json({**head, "choices": [choice], "usage": usage}, headers=headers)


async def template_chat(service: Service, chat: ChatRequest) -> GenerateRequest:
    """Return the generation that a conversation comes to.

    Raises:
        ToolError: there are tools.
        TemplateError: the chat template refused the messages.
    """
    try:
        chat.check_tools()
        with in_tgi_words():
            inputs = await service.inference.engine.apply_template(
                chat.messages, variables={"guideline": chat.guideline}
            )
    except RequestError as error:
        service.metrics.request_failure.increment(error.failure or "")
        raise
    return GenerateRequest(inputs=inputs, parameters=chat.parameters, add_special_tokens=False)


async def _stream_chunks(service: Service, chat: ChatRequest, request: GenerateRequest) -> AsyncGenerator[bytes]:
    try:
        async with aclosing(stream(service.inference, request)) as events:
            async for event in events:
                yield encode_event(_describe_chunk(service, event, logprobs=chat.logprobs))
                details = event["details"]
                if details is not None and chat.include_usage:
                    usage = describe_usage(details["input_length"], details["generated_tokens"])
                    head = describe_head(service, "chat.completion.chunk")
                    yield encode_event({**head, "choices": [], "usage": usage})
    except RequestError as error:
        yield encode_event(describe_error(error))
    yield DONE


def _describe_chunk(service: Service, event: dict[str, Any], *, logprobs: bool) -> dict[str, Any]:
    token, details = event["token"], event["details"]
    choice = {
        "index": 0,
        "delta": {"role": "assistant", "content": "" if token["special"] else token["text"]},
        "logprobs": _describe_logprobs([token], [event.get("top_tokens", [])]) if logprobs else None,
        "finish_reason": None if details is None else FinishReason(details["finish_reason"]).as_openai(),
    }
    return {**describe_head(service, "chat.completion.chunk"), "choices": [choice], "usage": None}


def _describe_logprobs(
    tokens: list[dict[str, Any]], top_tokens: list[list[dict[str, Any]]] | None
) -> dict[str, list[dict[str, Any]]]:
    tops = top_tokens or [[] for _ in tokens]
    return {
        "content": [
            {
                "token": token["text"],
                "logprob": token["logprob"],
                "top_logprobs": [{"token": entry["text"], "logprob": entry["logprob"]} for entry in top],
            }
            for token, top in zip(tokens, tops, strict=True)
        ]
    }
