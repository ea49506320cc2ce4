"""One generation from request to result: permit, validation, a place in the batch, tokens, the end.

The routes turn what comes out of here into JSON or events (routes/); what happens below is engine.py's business.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Final

from local.llama.engine import Engine
from local.llama.scheduler import Scheduler
from local.llama.tokens import PrefillToken, Step, Token
from local.tgi.durations import describe_duration
from local.tgi.errors import IncompleteGenerationError, OverloadedError, RequestError, in_tgi_words
from local.tgi.generate_request import GenerateRequest
from local.tgi.metrics import Metrics
from local.tgi.stopping import FinishReason, StoppingCriteria
from local.tgi.validation import Validator, ValidRequest

_LOG: Final = logging.getLogger("text_generation_router")


@dataclass(kw_only=True)
class Generation:
    """What a generation has come to so far.

    Attributes:
        started_s: when the request arrived, on the clock of time.monotonic().
        queued_s: when it was found valid.
        admitted_s: when it got a place in the batch.
        finished_s: when its last token came.
        input_length: tokens of the prompt.
        text: the generated text, without control tokens.
        tokens: what was generated.
        top_tokens: for each token the most probable ones; none of them unless asked for.
        prefill: the prompt's tokens; empty unless asked for.
        seed: None when nothing was drawn.
        finish_reason: None until it is finished.
    """

    started_s: float
    queued_s: float = 0.0
    admitted_s: float = 0.0
    finished_s: float = 0.0
    input_length: int = 0
    text: str = ""
    tokens: list[Token] = field(default_factory=list)
    top_tokens: list[tuple[Token, ...]] = field(default_factory=list)
    prefill: tuple[PrefillToken, ...] = ()
    seed: int | None = None
    finish_reason: FinishReason | None = None

    def add(self, step: Step, finish_reason: FinishReason | None) -> None:
        """Take one more token."""
        self.tokens.append(step.token)
        self.top_tokens.append(step.top_tokens)
        if not step.token.special:
            self.text += step.token.text
        self.finish_reason = finish_reason
        self.finished_s = time.monotonic()

    @property
    def mean_logprob(self) -> float:
        """Mean logarithm of the probability of a token; tokens without one count as certain."""
        return sum(token.logprob or 0.0 for token in self.tokens) / max(len(self.tokens), 1)

    @property
    def time_per_token_s(self) -> float:
        """Mean time between two tokens."""
        return (self.finished_s - self.admitted_s) / max(len(self.tokens), 1)


class Inference:
    """Generates for every route."""

    def __init__(
        self,
        *,
        engine: Engine,
        validator: Validator,
        scheduler: Scheduler,
        metrics: Metrics,
        max_concurrent_requests: int,
    ) -> None:
        self.engine = engine
        self.metrics = metrics
        self._validator = validator
        self._scheduler = scheduler
        self._permits = max_concurrent_requests

    async def stream(
        self, request: GenerateRequest, generation: Generation, *, with_logprobs: bool = True
    ) -> AsyncGenerator[Step]:
        """Give the tokens of a generation as they come. Closing the generator stops it and frees its place.

        Args:
            request: what to generate.
            generation: filled while tokens come; complete, with a finish reason, before the last one is given.
            with_logprobs: whether anybody looks at probabilities.

        Raises:
            RequestError: it was refused, or failed.
        """
        with self._permit(), self._counting_failures(generation), in_tgi_words():
            valid = await self._validator.validate(request)
            generation.queued_s = time.monotonic()
            generation.input_length = len(valid.prompt_ids)
            generation.seed = valid.sampling.reported_seed
            async with self._scheduler.admit(len(valid.prompt_ids) + valid.max_new_tokens):
                generation.admitted_s = time.monotonic()
                if valid.decoder_input_details:
                    generation.prefill = await self.engine.score(valid.prompt_ids)
                async with aclosing(self._run(valid, with_logprobs=with_logprobs)) as steps:
                    async for step, finish_reason in steps:
                        generation.add(step, finish_reason)
                        if finish_reason is not None:
                            self._record(generation)
                        yield step

    async def generate(self, request: GenerateRequest, *, with_logprobs: bool) -> Generation:
        """Return a finished generation.

        Raises:
            RequestError: it was refused, or failed.
        """
        generation = Generation(started_s=time.monotonic())
        async with aclosing(self.stream(request, generation, with_logprobs=with_logprobs)) as steps:
            async for _ in steps:
                pass
        return generation

    async def generate_best_of(self, request: GenerateRequest, best_of: int) -> list[Generation]:
        """Return several generations of one request, the one with the highest mean log probability first.

        Raises:
            RequestError: one of them was refused, or failed.
        """
        with self._counting_failures():
            self._validator.check_best_of(best_of)
        tasks = [asyncio.ensure_future(self.generate(request, with_logprobs=True)) for _ in range(best_of)]
        try:
            generations = await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise
        best = max(generations, key=lambda generation: generation.mean_logprob)
        return [best, *(generation for generation in generations if generation is not best)]

    async def _run(
        self, valid: ValidRequest, *, with_logprobs: bool
    ) -> AsyncGenerator[tuple[Step, FinishReason | None]]:
        criteria = StoppingCriteria(max_new_tokens=valid.max_new_tokens, stop=valid.stop)
        steps = self.engine.generate(
            valid.prompt_ids,
            sampling=valid.sampling,
            grammar=valid.grammar,
            max_new_tokens=valid.max_new_tokens,
            top_n_tokens=valid.top_n_tokens,
            with_logprobs=with_logprobs or valid.top_n_tokens > 0,
        )
        async with aclosing(steps):
            async for step in steps:
                finish_reason = criteria.check(step)
                yield step, finish_reason
                if finish_reason is not None:
                    return
        raise IncompleteGenerationError

    @contextmanager
    def _permit(self) -> Iterator[None]:
        """Hold one of MAX_CONCURRENT_REQUESTS permits: taken before anything is looked at, and never waited for."""
        if self._permits == 0:
            self.metrics.request_failure.increment(OverloadedError.failure or "")
            raise OverloadedError
        self._permits -= 1
        try:
            yield
        finally:
            self._permits += 1

    @contextmanager
    def _counting_failures(self, generation: Generation | None = None) -> Iterator[None]:
        try:
            yield
        except RequestError as error:
            if error.failure is not None:
                self.metrics.request_failure.increment(error.failure)
            _LOG.error("%s", error)
            raise
        except (asyncio.CancelledError, GeneratorExit):
            # A reader may also close a generation at its last token: that is no failure.
            if generation is not None and generation.finish_reason is None:
                self.metrics.request_failure.increment("dropped")
            raise

    def _record(self, generation: Generation) -> None:
        """Count a finished generation and log its times; never what was asked or answered."""
        total_s = generation.finished_s - generation.started_s
        validation_s = generation.queued_s - generation.started_s
        queue_s = generation.admitted_s - generation.queued_s
        inference_s = generation.finished_s - generation.admitted_s
        self.metrics.request_success.increment()
        self.metrics.request_duration.observe(total_s)
        self.metrics.validation_duration.observe(validation_s)
        self.metrics.queue_duration.observe(queue_s)
        self.metrics.inference_duration.observe(inference_s)
        self.metrics.mean_time_per_token_duration.observe(generation.time_per_token_s)
        self.metrics.request_generated_tokens.observe(len(generation.tokens))
        _LOG.info(
            'generate{total_time="%s" validation_time="%s" queue_time="%s" inference_time="%s" time_per_token="%s" '
            'input_length=%d generated_tokens=%d finish_reason="%s" seed="%s"}: Success',
            *map(describe_duration, (total_s, validation_s, queue_s, inference_s, generation.time_per_token_s)),
            generation.input_length, len(generation.tokens), generation.finish_reason, generation.seed,
        )  # fmt: skip
