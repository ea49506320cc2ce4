"""The server's metrics under vLLM's names, in Prometheus text, and what the log's line of statistics says of them.

vllm/v1/metrics/loggers.py: every metric has the labels model_name and engine.
"""

import time
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from local.llama.scheduler import Batch
from local.vllm.stopping import FinishReason

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_LABELS: Final = ("model_name", "engine")
_SECONDS: Final = (0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 120.0, 240.0)
_FIRST_TOKEN_SECONDS: Final = (
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0,
)  # fmt: skip
_TOKEN_SECONDS: Final = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)


class Metrics:
    """Everything that GET /metrics shows.

    Attributes:
        batch: who generates and who waits now.
        prompt_tokens: read so far.
        generated_tokens: so far.
    """

    def __init__(self, *, model_name: str, max_model_len: int, cached_tokens: int) -> None:
        """Start at zero.

        Args:
            model_name: the label of every metric.
            max_model_len: the lengths of requests are counted up to it.
            cached_tokens: that the KV cache holds.
        """
        self._registry = CollectorRegistry()
        self._labels = {"model_name": model_name, "engine": "0"}
        self._cached_tokens = cached_tokens
        self.batch = Batch(running=0, waiting=0, reserved_tokens=0)
        self.prompt_tokens = self.generated_tokens = 0
        self._running = self._gauge("num_requests_running", "Number of requests in model execution batches.")
        self._waiting = self._gauge("num_requests_waiting", "Number of requests waiting to be processed.")
        self._cache = self._gauge("kv_cache_usage_perc", "KV-cache usage. 1 means 100 percent usage.")
        self._prompt = self._counter("prompt_tokens", "Number of prefill tokens processed.")
        self._generation = self._counter("generation_tokens", "Number of generation tokens processed.")
        self._success = Counter(
            "vllm:request_success",
            "Count of successfully processed requests.",
            (*_LABELS, "finished_reason"),
            registry=self._registry,
        )
        for reason in FinishReason:
            self._success.labels(**self._labels, finished_reason=reason.value)
        lengths = tuple(
            step * 10**power for power in range(6) for step in (1, 2, 5) if step * 10**power <= max_model_len
        )
        self._first_token = self._histogram(
            "time_to_first_token_seconds", "Histogram of time to first token in seconds.", _FIRST_TOKEN_SECONDS
        )
        self._between = self._histogram(
            "inter_token_latency_seconds", "Histogram of inter-token latency in seconds.", _TOKEN_SECONDS
        )
        self._queue = self._histogram(
            "request_queue_time_seconds", "Histogram of time spent in WAITING phase for request.", _SECONDS
        )
        self._whole = self._histogram(
            "e2e_request_latency_seconds", "Histogram of e2e request latency in seconds.", _SECONDS
        )
        self._prompt_length = self._histogram("request_prompt_tokens", "Number of prefill tokens processed.", lengths)
        self._answer_length = self._histogram(
            "request_generation_tokens", "Number of generation tokens processed.", lengths
        )

    @property
    def cache_usage(self) -> float:
        """What part of the KV cache is set aside for the requests that run, from 0 to 1."""
        return min(self.batch.reserved_tokens / self._cached_tokens, 1.0)

    def show_batch(self, batch: Batch) -> None:
        """Show who generates and who waits."""
        self.batch = batch
        self._running.set(batch.running)
        self._waiting.set(batch.waiting)
        self._cache.set(self.cache_usage)

    def admit(self, arrived_s: float) -> None:
        """Count how long a request waited.

        Args:
            arrived_s: when it came, on the clock of time.monotonic().
        """
        self._queue.observe(time.monotonic() - arrived_s)

    def count_token(self, since_s: float, *, prompt_tokens: int) -> None:
        """Count a generated token.

        Args:
            since_s: since the one before it, or since the request came.
            prompt_tokens: that were read for it: those of the prompt for the first token, otherwise none.
        """
        self.generated_tokens += 1
        self._generation.inc()
        if prompt_tokens:
            self.prompt_tokens += prompt_tokens
            self._prompt.inc(prompt_tokens)
            self._first_token.observe(since_s)
        else:
            self._between.observe(since_s)

    def finish(self, reason: FinishReason, *, prompt_tokens: int, generated_tokens: int, duration_s: float) -> None:
        """Count a finished request."""
        self._success.labels(**self._labels, finished_reason=reason.value).inc()
        self._whole.observe(duration_s)
        self._prompt_length.observe(prompt_tokens)
        self._answer_length.observe(generated_tokens)

    def render(self) -> bytes:
        """Return all metrics as Prometheus text."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, documentation: str) -> Gauge:
        return Gauge(f"vllm:{name}", documentation, _LABELS, registry=self._registry).labels(**self._labels)

    def _counter(self, name: str, documentation: str) -> Counter:
        return Counter(f"vllm:{name}", documentation, _LABELS, registry=self._registry).labels(**self._labels)

    def _histogram(self, name: str, documentation: str, buckets: tuple[float, ...]) -> Histogram:
        histogram = Histogram(f"vllm:{name}", documentation, _LABELS, registry=self._registry, buckets=buckets)
        return histogram.labels(**self._labels)
