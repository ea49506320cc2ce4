"""TGI's own routes: /generate, /generate_stream and / (router/src/server.rs, v3.3)."""

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from local.llama.events import EventStream, encode_event
from local.llama.tokens import Step, Token
from local.tgi.errors import (
    IncompleteGenerationError,
    IncompleteGenerationStreamError,
    RequestError,
    ValidationError,
)
from local.tgi.generate_request import GenerateRequest
from local.tgi.inference import Generation, Inference
from local.tgi.routes.service import IDLE_S, Service, respond_json


async def answer_compatible(service: Service, request: GenerateRequest) -> Response:
    """Answer / and /invocations: a list or a stream, and the prompt is repeated unless the client says otherwise."""
    if request.parameters.return_full_text is None:
        request = replace(request, parameters=replace(request.parameters, return_full_text=True))
    if request.stream:
        return await answer_stream(service, request)
    headers, answer = await generate(service, request)
    return respond_json([answer], headers=headers)


async def answer_object(service: Service, request: GenerateRequest) -> Response:
    """Answer /generate."""
    headers, answer = await generate(service, request)
    return respond_json(answer, headers=headers)


async def answer_stream(service: Service, request: GenerateRequest) -> Response:
    """Answer /generate_stream."""

    async def encode() -> AsyncGenerator[bytes]:
        try:
            async with aclosing(stream(service.inference, request)) as events:
                async for event in events:
                    yield encode_event(event)
        except RequestError as error:
            yield encode_event(error.describe())

    return EventStream(encode(), headers=stream_headers(service, request.inputs), idle_s=IDLE_S)


async def generate(service: Service, request: GenerateRequest) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the headers and the body of a finished generation.

    Raises:
        RequestError: it was refused, or failed.
    """
    started_s = time.monotonic()
    service.metrics.request_count.increment()
    parameters = request.parameters
    wants_details = parameters.details or parameters.decoder_input_details
    best_of = parameters.best_of or 1
    if best_of > 1:
        generation, *others = await service.inference.generate_best_of(request, best_of)
    else:
        generation = await service.inference.generate(request, with_logprobs=wants_details)
        others = []
    prompt = request.inputs if parameters.return_full_text else ""
    answer: dict[str, Any] = {"generated_text": prompt + generation.text}
    if wants_details:
        answer["details"] = _describe_details(generation, others if best_of > 1 else None, prompt=prompt)
    return _time_headers(service, request, generation, total_s=time.monotonic() - started_s), answer


async def stream(inference: Inference, request: GenerateRequest) -> AsyncGenerator[dict[str, Any]]:
    """Give the events of a stream as JSON values.

    Raises:
        RequestError: it was refused, or failed; TGI tells it within the stream.
    """
    inference.metrics.request_count.increment()
    parameters = request.parameters
    refusal = None
    if (1 if parameters.best_of is None else parameters.best_of) != 1:
        refusal = ValidationError("`best_of` != 1 is not supported when streaming tokens")
    elif parameters.decoder_input_details:
        refusal = ValidationError("`decoder_input_details` == true is not supported when streaming tokens")
    if refusal is not None:
        inference.metrics.request_failure.increment("validation")
        raise refusal
    generation = Generation(started_s=time.monotonic())
    prompt = request.inputs if parameters.return_full_text else ""
    try:
        async with aclosing(inference.stream(request, generation)) as steps:
            async for step in steps:
                yield _describe_step(step, generation, prompt=prompt, with_details=parameters.details)
    except IncompleteGenerationError as error:
        raise IncompleteGenerationStreamError from error


def stream_headers(service: Service, inputs: str) -> dict[str, str]:
    """Return the headers of a stream."""
    return {
        "x-compute-type": service.settings.compute_type,
        "x-compute-characters": str(len(inputs)),
        "x-accel-buffering": "no",
    }


def describe_token(token: Token) -> dict[str, Any]:
    """Return a token as JSON."""
    return {"id": token.id, "text": token.text, "logprob": round_logprob(token.logprob), "special": token.special}


def round_logprob(logprob: float | None) -> float | None:
    """Return it with the digits that 32 bits hold, as TGI writes it."""
    return None if logprob is None else float(f"{logprob:.8g}")


def _describe_step(step: Step, generation: Generation, *, prompt: str, with_details: bool) -> dict[str, Any]:
    event: dict[str, Any] = {"index": len(generation.tokens), "token": describe_token(step.token)}
    if step.top_tokens:
        event["top_tokens"] = [describe_token(token) for token in step.top_tokens]
    finished = generation.finish_reason is not None
    event["generated_text"] = prompt + generation.text if finished else None
    event["details"] = None
    if finished and with_details:
        event["details"] = {
            "finish_reason": generation.finish_reason,
            "generated_tokens": len(generation.tokens),
            "seed": generation.seed,
            "input_length": generation.input_length,
        }
    return event


def _describe_details(generation: Generation, others: Sequence[Generation] | None, *, prompt: str) -> dict[str, Any]:
    details: dict[str, Any] = {
        "finish_reason": generation.finish_reason,
        "generated_tokens": len(generation.tokens),
        "seed": generation.seed,
        "prefill": [
            {"id": token.id, "text": token.text, "logprob": round_logprob(token.logprob)}
            for token in generation.prefill
        ],
        "tokens": [describe_token(token) for token in generation.tokens],
    }
    if others is not None:
        details["best_of_sequences"] = [
            {"generated_text": prompt + other.text, **_describe_details(other, None, prompt=prompt)} for other in others
        ]
    if any(generation.top_tokens):
        details["top_tokens"] = [[describe_token(token) for token in top] for top in generation.top_tokens]
    return details


def _time_headers(
    service: Service, request: GenerateRequest, generation: Generation, *, total_s: float
) -> dict[str, str]:
    def milliseconds(seconds: float) -> str:
        return str(int(seconds * 1000))

    return {
        "x-compute-type": service.settings.compute_type,
        "x-compute-time": f"{total_s:.9f}",
        "x-compute-characters": str(len(request.inputs)),
        "x-total-time": milliseconds(total_s),
        "x-validation-time": milliseconds(generation.queued_s - generation.started_s),
        "x-queue-time": milliseconds(generation.admitted_s - generation.queued_s),
        "x-inference-time": milliseconds(generation.finished_s - generation.admitted_s),
        "x-time-per-token": milliseconds(generation.time_per_token_s),
        "x-prompt-tokens": str(generation.input_length),
        "x-generated-tokens": str(len(generation.tokens)),
    }
