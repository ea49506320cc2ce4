"""What is counted, logged and traced about an answer. The words themselves only if the settings say so."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog
from opentelemetry import trace

from rag.answer import Answer, Done, Event, StageBegun, TextMade
from rag.protocols import Chunk, Usage
from service.lifespan import ServiceState
from service.problems import problem_of
from service.request_record import CURRENT


class AnswerLog:
    """Follows one answer, from its question to its end.

    Args:
        state: what all requests share.
        question: what was asked.
    """

    def __init__(self, state: ServiceState, question: str) -> None:
        self._metrics = state.metrics
        self._is_told_words = state.settings.log_prompts
        self._question = question
        self._started_s = time.perf_counter()
        self._text: list[str] = []
        # FastAPI brings OpenTelemetry's API; without an exporter the spans are nothing.
        self._tracer = trace.get_tracer("service")
        self._span: trace.Span | None = None

    async def follow(self, events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
        """Pass a twin's events on; closing this closes them."""
        try:
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, StageBegun):
                        self._begin_span(event.stage.value)
                    elif isinstance(event, TextMade):
                        self._text_came(event.text)
                    elif isinstance(event, Done):
                        self._done(event.answer)
                    yield event
        except Exception as error:
            self._failed(error)
            raise
        finally:
            self._end_span()

    async def follow_chat(self, chunks: AsyncGenerator[Chunk, None]) -> AsyncGenerator[Chunk, None]:
        """Pass the plain model's chunks on; closing this closes them."""
        self._begin_span("generate")
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    if chunk.text:
                        self._text_came(chunk.text)
                    if chunk.finish_reason:
                        self._ended(chunk.finish_reason, chunk.usage or Usage())
                    yield chunk
        except Exception as error:
            self._failed(error)
            raise
        finally:
            self._end_span()

    def _text_came(self, text: str) -> None:
        if not self._text:
            self._metrics.first_token_s.observe(time.perf_counter() - self._started_s)
        self._text.append(text)

    def _done(self, answer: Answer) -> None:
        for stage, spent_ms in answer.timings_ms.items():
            self._metrics.stage_s.labels(stage=stage).observe(spent_ms / 1000)
        self._ended(answer.finish_reason, answer.usage)
        _say(sources=len(answer.sources), cited=len(answer.cited), notes=len(answer.notes))

    def _failed(self, error: Exception) -> None:
        self._metrics.answers.labels(outcome=problem_of(error).kind).inc()
        if self._span is not None:
            self._span.set_status(trace.StatusCode.ERROR, type(error).__name__)

    def _ended(self, finish_reason: str, usage: Usage) -> None:
        self._metrics.answers.labels(outcome=finish_reason).inc()
        for direction, tokens in (("input", usage.input_tokens), ("output", usage.output_tokens)):
            if tokens:
                self._metrics.tokens.labels(direction=direction).inc(tokens)
        _say(finish_reason=finish_reason, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens)
        if self._is_told_words:
            structlog.get_logger(__name__).info("answer", question=self._question, answer="".join(self._text))

    def _begin_span(self, stage: str) -> None:
        self._end_span()
        self._span = self._tracer.start_span(f"twin.{stage}")

    def _end_span(self) -> None:
        if self._span is not None:
            self._span.end()
            self._span = None


def _say(**facts: object) -> None:
    record = CURRENT.get()
    if record:
        record.facts.update(facts)
