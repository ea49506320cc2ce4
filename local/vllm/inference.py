"""One generation from a valid request to its end: a place in the batch, tokens, text.

The routes turn what comes out of here into JSON or events (routes/); what happens below is local/llama/engine.py's.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from local.llama.engine import Engine
from local.llama.scheduler import Scheduler
from local.vllm.errors import InternalServerError, in_vllm_words
from local.vllm.metrics import Metrics
from local.vllm.stopping import Ending, Output
from local.vllm.validation import ValidRequest


@dataclass(kw_only=True)
class Generation:
    """What a generation has come to so far.

    Attributes:
        arrived_s: when the request came, on the clock of time.monotonic().
        prompt_tokens: of the prompt.
        outputs: one for each token.
    """

    prompt_tokens: int
    arrived_s: float = field(default_factory=time.monotonic)
    outputs: list[Output] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The generated text."""
        return "".join(output.text for output in self.outputs)


class Inference:
    """Generates for every route."""

    def __init__(self, *, engine: Engine, scheduler: Scheduler, metrics: Metrics) -> None:
        self.engine = engine
        self._scheduler = scheduler
        self._metrics = metrics

    async def stream(self, request: ValidRequest, generation: Generation) -> AsyncGenerator[Output]:
        """Give what each token brings, as it comes. Closing the generator stops it and frees its place.

        Args:
            request: what to generate.
            generation: filled while tokens come.

        Raises:
            ApiError: it failed.
        """
        ending = Ending(
            max_new_tokens=request.max_new_tokens,
            stop=request.stop,
            stop_token_ids=request.stop_token_ids,
            include_stop=request.include_stop,
            skip_special=request.skip_special,
        )
        with in_vllm_words():
            async with self._scheduler.admit(len(request.prompt_ids) + request.max_new_tokens):
                self._metrics.admit(generation.arrived_s)
                steps = self.engine.generate(
                    request.prompt_ids,
                    sampling=request.sampling,
                    grammar=request.grammar,
                    max_new_tokens=request.max_new_tokens,
                    top_n_tokens=request.top_logprobs or 0,
                    with_logprobs=request.top_logprobs is not None,
                    adapter=request.adapter.file if request.adapter is not None else None,
                )
                last_s = generation.arrived_s
                async with aclosing(steps):
                    async for step in steps:
                        now_s = time.monotonic()
                        self._metrics.count_token(
                            now_s - last_s, prompt_tokens=0 if generation.outputs else generation.prompt_tokens
                        )
                        last_s = now_s
                        output = ending.take(step)
                        generation.outputs.append(output)
                        if output.finish_reason is not None:
                            self._metrics.finish(
                                output.finish_reason,
                                prompt_tokens=generation.prompt_tokens,
                                generated_tokens=len(generation.outputs),
                                duration_s=now_s - generation.arrived_s,
                            )
                            yield output
                            return
                        yield output
        raise InternalServerError("the model stopped before it came to an end")

    async def generate(self, request: ValidRequest) -> Generation:
        """Return a finished generation.

        Raises:
            ApiError: it failed.
        """
        generation = Generation(prompt_tokens=len(request.prompt_ids))
        async with aclosing(self.stream(request, generation)) as outputs:
            async for _ in outputs:
                pass
        return generation

    async def generate_all(self, requests: list[ValidRequest]) -> list[Generation]:
        """Return the generations of several prompts; if one fails, all are given up.

        Raises:
            ApiError: one failed.
        """
        tasks = [asyncio.ensure_future(self.generate(request)) for request in requests]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
