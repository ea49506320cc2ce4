"""/v1/completions and the completion form of /invocations (vllm/entrypoints/openai/completion/serving.py)."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Final

from starlette.responses import Response

from local.llama.events import DONE, EventStream, encode_event
from local.vllm.errors import ApiError
from local.vllm.inference import Generation
from local.vllm.requests import CompletionRequest
from local.vllm.routes.service import Service, describe_usage, respond_json
from local.vllm.stopping import Output
from local.vllm.validation import ValidRequest

_KIND: Final = "text_completion"


async def answer_completion(service: Service, completion: CompletionRequest) -> Response:
    """Answer one or more prompts."""
    requests = await service.validator.validate_completion(completion)
    if completion.stream:
        return EventStream(_stream_chunks(service, completion, requests), headers={}, idle_s=None)
    generations = await service.inference.generate_all(requests)
    choices = [
        _describe_choice(index, generation.outputs, request, text=generation.text, offset=0)
        for index, (generation, request) in enumerate(zip(generations, requests, strict=True))
    ]
    head = service.describe_head(_KIND, prefix="cmpl", request=requests[0])
    rest = {"service_tier": None, "system_fingerprint": None, "usage": describe_usage(*generations)}
    return respond_json({**head, "choices": choices, **rest, "kv_transfer_params": None})


async def _stream_chunks(
    service: Service, completion: CompletionRequest, requests: Sequence[ValidRequest]
) -> AsyncGenerator[bytes]:
    """Give the events of all prompts as they come."""
    head = service.describe_head(_KIND, prefix="cmpl", request=requests[0])
    generations = [Generation(prompt_tokens=len(request.prompt_ids)) for request in requests]
    arrived: asyncio.Queue[bytes | ApiError | None] = asyncio.Queue()

    async def forward(index: int) -> None:
        request, generation = requests[index], generations[index]
        unsaid: list[Output] = []
        offset = 0
        try:
            async with aclosing(service.inference.stream(request, generation)) as outputs:
                async for output in outputs:
                    unsaid.append(output)
                    if output.text or output.finish_reason is not None:
                        choice = _describe_choice(index, unsaid, request, text=output.text, offset=offset)
                        arrived.put_nowait(encode_event({**head, "choices": [choice]}))
                        offset += len(output.text)
                        unsaid = []
        except ApiError as error:
            arrived.put_nowait(error)
        finally:
            arrived.put_nowait(None)

    tasks = [asyncio.ensure_future(forward(index)) for index in range(len(requests))]
    failed = False
    try:
        running = len(tasks)
        while running and not failed:
            event = await arrived.get()
            if event is None:
                running -= 1
            elif isinstance(event, ApiError):
                failed = True
                yield encode_event(event.describe())
            else:
                yield event
        options = completion.stream_options
        if not failed and options and options.include_usage:
            yield encode_event({**head, "choices": [], "usage": describe_usage(*generations)})
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    yield DONE


def _describe_choice(
    index: int, outputs: Sequence[Output], request: ValidRequest, *, text: str, offset: int
) -> dict[str, Any]:
    last = outputs[-1]
    return {
        "index": index,
        "text": text,
        "logprobs": _describe_logprobs(outputs, request, offset=offset),
        "finish_reason": last.finish_reason,
        "stop_reason": last.stop_reason,
        "token_ids": None,
    }


def _describe_logprobs(outputs: Sequence[Output], request: ValidRequest, *, offset: int) -> dict[str, Any] | None:
    if request.top_logprobs is None:
        return None
    tokens = [output.token for output in outputs]
    offsets = [offset + sum(len(token.text) for token in tokens[:at]) for at in range(len(tokens))]
    return {
        "text_offset": offsets,
        "token_logprobs": [token.logprob for token in tokens],
        "tokens": [token.text for token in tokens],
        "top_logprobs": [
            {token.text: token.logprob for token in output.top_tokens[: request.top_logprobs]} for output in outputs
        ],
    }
