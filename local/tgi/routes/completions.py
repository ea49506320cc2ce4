"""/v1/completions and the completion form of /invocations (router/src/server.rs, v3.3)."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final

from starlette.responses import Response

from local.llama.events import DONE, EventStream, encode_event
from local.tgi.completion_request import CompletionRequest
from local.tgi.errors import RequestError
from local.tgi.generate_request import GenerateRequest
from local.tgi.routes.generate import generate, stream, stream_headers
from local.tgi.routes.openai import describe_error, describe_head, describe_usage
from local.tgi.routes.service import IDLE_S, Service, respond_json
from local.tgi.stopping import FinishReason

_KIND: Final = "text_completion"


async def answer_completion(service: Service, completion: CompletionRequest) -> Response:
    """Answer one or more prompts."""
    service.metrics.request_count.increment()
    try:
        completion.check(max_client_batch_size=service.settings.max_client_batch_size)
    except RequestError as error:
        service.metrics.request_failure.increment(error.failure or "")
        raise
    requests = completion.generate_requests()
    if completion.stream:
        headers = stream_headers(service, "".join(completion.prompts))
        return EventStream(_merge(service, requests), headers=headers, idle_s=IDLE_S)
    tasks = [asyncio.ensure_future(generate(service, request)) for request in requests]
    try:
        answers = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    headers = _sum_headers([headers for headers, _ in answers])
    choices = [_describe_choice(index, answer) for index, (_, answer) in enumerate(answers)]
    usage = describe_usage(int(headers["x-prompt-tokens"]), int(headers["x-generated-tokens"]))
    return respond_json({**describe_head(service, _KIND), "choices": choices, "usage": usage}, headers=headers)


async def _merge(service: Service, requests: tuple[GenerateRequest, ...]) -> AsyncGenerator[bytes]:
    """Give the events of all prompts as they come."""
    events: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def forward(index: int, request: GenerateRequest) -> None:
        try:
            async with aclosing(_stream_chunks(service, index, request)) as chunks:
                async for chunk in chunks:
                    events.put_nowait(chunk)
        finally:
            events.put_nowait(None)

    tasks = [asyncio.ensure_future(forward(index, request)) for index, request in enumerate(requests)]
    try:
        running = len(tasks)
        while running:
            event = await events.get()
            if event is None:
                running -= 1
            else:
                yield event
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    yield DONE


async def _stream_chunks(service: Service, index: int, request: GenerateRequest) -> AsyncGenerator[bytes]:
    try:
        async with aclosing(stream(service.inference, request)) as events:
            async for event in events:
                yield encode_event(_describe_chunk(service, index, event))
    except RequestError as error:
        yield encode_event(describe_error(error))


def _describe_chunk(service: Service, index: int, event: dict[str, Any]) -> dict[str, Any]:
    details = event["details"]
    choice = {
        "index": index,
        "text": event["token"]["text"],
        "logprobs": None,
        "finish_reason": "" if details is None else details["finish_reason"],
    }
    chunk = {**describe_head(service, _KIND), "choices": [choice]}
    if details is not None:
        chunk["usage"] = describe_usage(details["input_length"], details["generated_tokens"])
    return chunk


def _describe_choice(index: int, answer: dict[str, Any]) -> dict[str, Any]:
    finish_reason = FinishReason(answer["details"]["finish_reason"]).as_openai()
    return {"index": index, "text": answer["generated_text"], "logprobs": None, "finish_reason": finish_reason}


def _sum_headers(all_headers: list[Mapping[str, str]]) -> dict[str, str]:
    """Return one prompt's headers, or the sums over several."""
    first = all_headers[0]
    if len(all_headers) == 1:
        return dict(first)
    sums: Counter[str] = Counter()
    for headers in all_headers:
        sums.update({name: int(value) for name, value in headers.items() if value.isdigit()})
    return {"x-compute-type": first["x-compute-type"], **{name: str(value) for name, value in sums.items()}}
