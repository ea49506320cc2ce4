"""What Prometheus reads: how many, how long, how full. One registry per application; nothing here is global."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from service.admission import Admission

_FAST_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


class Metrics:
    """The service's instruments.

    Attributes:
        registry: what /metrics shows.
        requests: served requests by method, route and status; 499 is a caller who left.
        request_s: how long they took, whole streams included.
        stage_s: how long each stage of an answer took.
        first_token_s: from a question's arrival to the first piece of its answer.
        answers: answers by their finish reason, or by the problem that they ended with.
        tokens: tokens that the model counted, by direction (`input`, `output`).
        jobs: ingests by how they ended.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "twin_requests", "Requests served.", ["method", "route", "status"], registry=self.registry
        )
        self.request_s = Histogram(
            "twin_request_duration_seconds",
            "From a request's first byte to its answer's last.",
            ["route"],
            buckets=_FAST_S,
            registry=self.registry,
        )
        self.stage_s = Histogram(
            "twin_stage_duration_seconds",
            "Duration of one stage of an answer.",
            ["stage"],
            buckets=_FAST_S,
            registry=self.registry,
        )
        self.first_token_s = Histogram(
            "twin_time_to_first_token_seconds",
            "From a question's arrival to the first piece of its answer.",
            buckets=_FAST_S,
            registry=self.registry,
        )
        self.answers = Counter("twin_answers", "Answers, by how they ended.", ["outcome"], registry=self.registry)
        self.tokens = Counter("twin_tokens", "Tokens of the language model.", ["direction"], registry=self.registry)
        self.jobs = Counter(
            "twin_document_jobs", "Ingests and removals, by how they ended.", ["state"], registry=self.registry
        )

    def watch(self, admission: Admission) -> None:
        """Show how full an admission is."""
        name = admission.what.replace(" ", "_")
        Gauge(f"twin_{name}_in_progress", f"{admission.what} now.", registry=self.registry).set_function(
            lambda: admission.taken
        )
        Gauge(f"twin_{name}_places", f"Most {admission.what} at once.", registry=self.registry).set(admission.places)
        Gauge(f"twin_{name}_refused_total", f"{admission.what} refused with 429.", registry=self.registry).set_function(
            lambda: admission.refused
        )
