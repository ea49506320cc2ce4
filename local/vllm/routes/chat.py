"""/v1/chat/completions and the chat form of /invocations (vllm/entrypoints/openai/chat_completion/serving.py)."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from starlette.responses import Response

from local.llama.events import DONE, EventStream, encode_event
from local.llama.tokens import Token
from local.vllm.errors import ApiError
from local.vllm.inference import Generation
from local.vllm.requests import ChatRequest
from local.vllm.routes.service import Service, describe_usage, respond_json
from local.vllm.stopping import Output
from local.vllm.validation import ValidRequest


async def answer_chat(service: Service, chat: ChatRequest) -> Response:
    """Answer a conversation."""
    request = await service.validator.validate_chat(chat)
    if chat.stream:
        return EventStream(_stream_chunks(service, chat, request), headers={}, idle_s=None)
    generation = await service.inference.generate(request)
    last = generation.outputs[-1]
    choice = {
        "index": 0,
        "message": {
            "role": "assistant",
            "content": generation.text,
            "refusal": None,
            "annotations": None,
            "audio": None,
            "function_call": None,
            "reasoning": None,
        },
        "logprobs": _describe_logprobs(generation.outputs, request),
        "finish_reason": last.finish_reason,
        "stop_reason": last.stop_reason,
        "token_ids": None,
    }
    head = service.describe_head("chat.completion", prefix="chatcmpl", request=request)
    rest = {"service_tier": None, "system_fingerprint": None, "usage": describe_usage(generation)}
    return respond_json({**head, "choices": [choice], **rest, "prompt_logprobs": None, "kv_transfer_params": None})


async def _stream_chunks(service: Service, chat: ChatRequest, request: ValidRequest) -> AsyncGenerator[bytes]:
    options = chat.stream_options
    head = service.describe_head("chat.completion.chunk", prefix="chatcmpl", request=request)
    generation = Generation(prompt_tokens=len(request.prompt_ids))
    continuous = bool(options and options.include_usage and options.continuous_usage_stats)

    def chunk(choices: Sequence[Mapping[str, Any]], *, with_usage: bool) -> bytes:
        usage = {"usage": describe_usage(generation)} if with_usage else {}
        return encode_event({**head, "choices": choices, **usage})

    first = {"index": 0, "delta": {"role": "assistant", "content": ""}, "logprobs": None, "finish_reason": None}
    yield chunk([first], with_usage=continuous)
    unsaid: list[Output] = []
    try:
        async with aclosing(service.inference.stream(request, generation)) as outputs:
            async for output in outputs:
                unsaid.append(output)
                # A token that brings no text yet is told with the next one that does.
                if output.text or output.finish_reason is not None:
                    yield chunk([_describe_delta(unsaid, request)], with_usage=continuous)
                    unsaid = []
        if options and options.include_usage:
            yield chunk([], with_usage=True)
    except ApiError as error:
        yield encode_event(error.describe())
    yield DONE


def _describe_delta(outputs: Sequence[Output], request: ValidRequest) -> dict[str, Any]:
    last = outputs[-1]
    end = {} if last.finish_reason is None else {"stop_reason": last.stop_reason}
    return {
        "index": 0,
        "delta": {"content": last.text},
        "logprobs": _describe_logprobs(outputs, request),
        "finish_reason": last.finish_reason,
        **end,
        "token_ids": None,
    }


def _describe_logprobs(outputs: Sequence[Output], request: ValidRequest) -> dict[str, Any] | None:
    if request.top_logprobs is None:
        return None
    return {
        "content": [
            _describe_token(output.token)
            | {"top_logprobs": [_describe_token(token) for token in output.top_tokens[: request.top_logprobs]]}
            for output in outputs
        ]
    }


def _describe_token(token: Token) -> dict[str, Any]:
    logprob = -9999.0 if token.logprob is None else max(token.logprob, -9999.0)
    return {"token": token.text, "logprob": logprob, "bytes": list(token.text.encode())}
