"""The LLM microservice as rag's Generator, and as a plain chat. Closing a stream, or cancelling, stops the generation.

Every call carries the id of the request that it serves as SageMaker's inference id. This module knows inference_client
and nothing of HTTP; which error becomes which is in model_failures.py.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import inference_client as llm
from inference_client import GenerationParameters
from inference_client.aio import AsyncEndpointClient, AsyncTokenStream
from rag.errors import GeneratorTimeoutError
from rag.prompting import ChatPrompt, Prompt
from rag.protocols import Chunk, Completion, Usage
from service.endpoint import Endpoint
from service.model_failures import in_rags_words
from service.request_record import current_request_id
from service.stop_filter import StopFilter

_Open = Callable[[AsyncEndpointClient], Awaitable[AsyncTokenStream]]

# The book's values for answers. A chat's form has no repetition_penalty, and samples at 1.0 where it is told nothing.
TEMPERATURE = 0.01
_TOP_P = 0.9
_REPETITION_PENALTY = 1.1


class EndpointGenerator:
    """Generates with whatever endpoint is deployed.

    Args:
        endpoint: whose model writes.
        adapter: the LoRA adapter that it writes with; None for the base model.
    """

    def __init__(self, endpoint: Endpoint, *, adapter: str | None = None) -> None:
        self._endpoint = endpoint
        self._adapter = adapter

    def with_adapter(self, adapter: str | None) -> "EndpointGenerator":
        """Return a generator of the same endpoint that writes with an adapter."""
        return EndpointGenerator(self._endpoint, adapter=adapter)

    async def generate(
        self, prompt: Prompt, *, max_new_tokens: int, timeout_s: float, json_schema: Mapping[str, object] | None = None
    ) -> Completion:
        """Return a whole text; see rag's Generator."""
        text: list[str] = []
        async with aclosing(self._stream(prompt, max_new_tokens, timeout_s, json_schema)) as chunks:
            async for chunk in chunks:
                text.append(chunk.text)
                if chunk.finish_reason:
                    return Completion(
                        text="".join(text), finish_reason=chunk.finish_reason, usage=chunk.usage or Usage()
                    )
        raise AssertionError("a stream that ends well ends with a finish reason")

    def stream(self, prompt: Prompt, *, max_new_tokens: int, timeout_s: float) -> AsyncGenerator[Chunk, None]:
        """Yield a text as it is made; see rag's Generator."""
        return self._stream(prompt, max_new_tokens, timeout_s, None)

    def chat(
        self, messages: Sequence[Mapping[str, str]], *, parameters: GenerationParameters, timeout_s: float
    ) -> AsyncGenerator[Chunk, None]:
        """Yield the model's own answer to a chat, with nothing retrieved for it.

        Raises:
            GenerationError: as for `stream`.
        """
        parameters = replace(parameters, adapter_id=self._adapter)
        return self._chunks(
            lambda client: client.stream_chat(messages, parameters=parameters, inference_id=current_request_id()),
            stops=parameters.stop or (),
            timeout_s=timeout_s,
        )

    def _stream(
        self, prompt: Prompt, max_new_tokens: int, timeout_s: float, json_schema: Mapping[str, object] | None
    ) -> AsyncGenerator[Chunk, None]:
        shared: dict[str, Any] = {"max_new_tokens": max_new_tokens, "temperature": TEMPERATURE, "top_p": _TOP_P}
        if json_schema is not None:
            shared["grammar"] = {"type": "json", "value": json_schema}
        if isinstance(prompt, ChatPrompt):
            turns = [{"role": str(turn.role), "content": turn.content} for turn in prompt.messages]
            return self.chat(
                turns, parameters=GenerationParameters(**shared, stop=prompt.stop or None), timeout_s=timeout_s
            )
        shared |= {"repetition_penalty": _REPETITION_PENALTY, "adapter_id": self._adapter}
        parameters = GenerationParameters(**shared, stop=prompt.stop or None)
        return self._chunks(
            lambda client: client.stream(prompt.text, parameters=parameters, inference_id=current_request_id()),
            stops=prompt.stop,
            timeout_s=timeout_s,
        )

    async def _chunks(
        self, open_stream: _Open, *, stops: Sequence[str], timeout_s: float
    ) -> AsyncGenerator[Chunk, None]:
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + timeout_s
        stop = StopFilter(stops)
        try:
            async with asyncio.timeout_at(deadline_s):
                stream = await self._open(open_stream)
            async with stream:
                # A timeout that spans a yield fires in the consumer's code, and one around each token costs more than
                # all else that is done here: so a timer closes the stream, which ends the iteration.
                timer = loop.call_at(deadline_s, stream.close)
                try:
                    async for event in stream:
                        if text := stop.feed(event.text):
                            yield Chunk(text=text)
                finally:
                    timer.cancel()
                generation = _in_time(stream, timeout_s).generation
        except llm.InferenceClientError as error:
            raise in_rags_words(error) from error
        except TimeoutError as error:
            raise _too_late(timeout_s) from error
        usage = Usage(input_tokens=generation.usage.input_tokens, output_tokens=generation.usage.generated_tokens)
        reason = "length" if generation.finish_reason == "length" else "stop"
        yield Chunk(text=stop.finish(), finish_reason=reason, usage=usage)

    async def _open(self, open_stream: _Open) -> AsyncTokenStream:
        try:
            return await open_stream(self._endpoint.client)
        except (llm.EndpointNotFoundError, llm.ComponentNotFoundError, llm.AccessDeniedError):
            # It may have been replaced by a new deployment under another name, the only one that may now be invoked.
            if not await self._endpoint.refresh():
                raise
            return await open_stream(self._endpoint.client)


def _in_time(stream: AsyncTokenStream, timeout_s: float) -> AsyncTokenStream:
    if stream.is_closed:
        raise _too_late(timeout_s)
    return stream


def _too_late(timeout_s: float) -> GeneratorTimeoutError:
    return GeneratorTimeoutError(
        f"the model did not finish within {timeout_s:g} s.", remedy="Ask again, or for a shorter answer."
    )
