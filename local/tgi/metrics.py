"""The server's metrics under TGI's names, in Prometheus text.

TGI's counters carry no `_total`, which the Prometheus library insists on: hence the counter of our own.
"""

import re
from collections import Counter as Tally
from collections.abc import Iterator
from typing import Final

import prometheus_client
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from local.llama.scheduler import Batch

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SUFFIX: Final = re.compile(rb"^(# (?:HELP|TYPE) tgi_\w+?)_total ", re.MULTILINE)


class PlainCounter(Collector):
    """A counter whose name is left as it is, with at most one label."""

    def __init__(self, name: str, documentation: str, *, registry: CollectorRegistry, label: str | None = None) -> None:
        self._name, self._documentation, self._label = name, documentation, label
        self._values: Tally[str] = Tally() if label else Tally({"": 0})
        registry.register(self)

    def increment(self, value: str = "") -> None:
        """Count one more; `value` is the label's."""
        self._values[value] += 1

    def collect(self) -> Iterator[Metric]:
        """Give the library what it writes out."""
        metric = Metric(self._name, self._documentation, "counter")
        for value, count in self._values.items():
            metric.add_sample(self._name, {self._label: value} if self._label else {}, count)
        yield metric


class Metrics:
    """Everything that GET /metrics shows."""

    def __init__(self, *, max_input_tokens: int, max_total_tokens: int) -> None:
        """Start at zero.

        Args:
            max_input_tokens: the lengths of prompts are counted in hundredths of it.
            max_total_tokens: the lengths of answers are counted in hundredths of it.
        """
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # TGI has no *_created
        self._registry = registry = CollectorRegistry()
        self.request_count = PlainCounter("tgi_request_count", "Total number of requests", registry=registry)
        self.request_success = PlainCounter("tgi_request_success", "Number of successful requests", registry=registry)
        self.request_failure = PlainCounter(
            "tgi_request_failure", "Number of failed requests", registry=registry, label="err"
        )
        self.queue_size = Gauge("tgi_queue_size", "Current queue size", registry=registry)
        self.batch_current_size = Gauge("tgi_batch_current_size", "Current batch size", registry=registry)
        self.batch_current_max_tokens = Gauge(
            "tgi_batch_current_max_tokens", "Maximum tokens for the current batch", registry=registry
        )
        self.request_duration = self._duration("request", "Total time spent processing the request")
        self.validation_duration = self._duration("request_validation", "Time spent validating the request")
        self.queue_duration = self._duration("request_queue", "Time spent in the queue per request")
        self.inference_duration = self._duration("request_inference", "Request inference duration")
        self.mean_time_per_token_duration = self._duration(
            "request_mean_time_per_token", "Mean time per token per request"
        )
        self.request_input_length = self._length("input_length", "Input token length per request", max_input_tokens)
        self.request_generated_tokens = self._length(
            "generated_tokens", "Generated tokens per request", max_total_tokens
        )
        self.request_max_new_tokens = self._length("max_new_tokens", "Maximum new tokens per request", max_total_tokens)

    def show_batch(self, batch: Batch) -> None:
        """Show who generates and who waits."""
        self.queue_size.set(batch.waiting)
        self.batch_current_size.set(batch.running)
        self.batch_current_max_tokens.set(batch.reserved_tokens)

    def render(self) -> bytes:
        """Return all metrics as Prometheus text."""
        return _SUFFIX.sub(rb"\1 ", generate_latest(self._registry))

    def _duration(self, name: str, documentation: str) -> Histogram:
        # TGI's buckets: 35 steps of a factor of 1.5 from 0.15 ms on (router/src/server.rs).
        buckets = [0.0001 * 1.5**step for step in range(1, 36)]
        return Histogram(f"tgi_{name}_duration", documentation, registry=self._registry, buckets=buckets)

    def _length(self, name: str, documentation: str, most: int) -> Histogram:
        buckets = [most / 100 * step for step in range(1, 101)]
        return Histogram(f"tgi_request_{name}", documentation, registry=self._registry, buckets=buckets)
