"""When somebody has to look at an endpoint: each alarm with its reason and a first step."""

from math import ceil

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from model.engines import Engine
from stacks.constructs.announced_alarms import ABOVE, AT_LEAST, BELOW, PERIOD_S, AnnouncedAlarms
from stacks.constructs.endpoint_metrics import US_PER_S, EndpointMetrics
from stacks.constructs.engine_metrics import EngineMetrics

_OVERHEAD_S = 1
# An engine reserves most of the memory when it starts and stays there; what comes on top of it should not.
_GPU_MEMORY_PERCENT = 98
_FULL_MIN = 30
_QUEUED_PERCENT = 5
_WAITING = 1


class EndpointAlarms(Construct):
    """Alarms on errors, latency, missing copies, memory and fullness, all announced on one topic.

    Args:
        scope: the parent.
        construct_id: the id below it.
        metrics: of what is watched.
        engine_metrics: what the engine says of itself.
        min_copies: the copies that are always there; with 0, none running is no alarm.
        max_copies: the most copies, named where the first step is to allow more.
        target_concurrency: requests in flight per copy that scaling aims at.
        startup_timeout_s: how long a copy may take to answer: waking up may take as long.
        slow_answer_s: how long the slowest tenth of the answers may take, in seconds.
        topic_arn: where they are announced.

    Attributes:
        alarms: the alarms.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        metrics: EndpointMetrics,
        engine_metrics: EngineMetrics,
        min_copies: int,
        max_copies: int,
        target_concurrency: int,
        startup_timeout_s: int,
        slow_answer_s: int,
        topic_arn: str,
    ) -> None:
        super().__init__(scope, construct_id)
        self._made = AnnouncedAlarms(self, topic_arn=topic_arn)
        self.alarms: list[cloudwatch.IAlarm] = self._made.made
        self._made.add_failures(
            metrics,
            whose="requests",
            server_errors_step="read the last lines of its log group, /aws/sagemaker/InferenceComponents/NAME; out of "
            "memory and a crash at start are there.",
            failed_step="see on the dashboard which status grows: 4xx is the caller's or fullness, 5xx the container.",
        )
        self._made.add(
            "SlowAnswers",
            metrics.requests("ModelLatency", statistic="p90"),
            description=f"For 15 minutes a tenth of the answers took longer than {slow_answer_s} s in the container. "
            "First step: compare with requests in flight per copy. If those are high too, let more copies start "
            "(max_copies) or aim lower (target_concurrency); if not, answers have grown longer.",
            threshold=slow_answer_s * US_PER_S,
            operator=ABOVE,
            periods=3,
        )
        self._made.add(
            "SlowDelivery",
            metrics.requests("OverheadLatency", statistic="Average"),
            description=f"For 15 minutes SageMaker itself added more than {_OVERHEAD_S} s to a request on average: it "
            "waits for a copy that is free, or large bodies travel. First step: look at requests in flight per copy "
            "and at scaling activities; with neither, open a case with AWS.",
            threshold=_OVERHEAD_S * US_PER_S,
            operator=ABOVE,
            periods=3,
        )
        self._made.add(
            "DoesNotWake",
            metrics.requests("NoCapacityInvocationFailures", statistic="Sum"),
            description="Requests have found no copy for longer than one may take to start. First step: read "
            "FailureReason of the inference component and of the endpoint; no capacity for the instance type and a "
            "quota of none are there.",
            threshold=1,
            operator=AT_LEAST,
            periods=_count_periods(startup_timeout_s) + 2,
        )
        if min_copies > 0:
            self._made.add(
                "NoCopies",
                metrics.running_copies(),
                description=f"No copy has reported for 15 minutes; {min_copies} should run. First step: read "
                "FailureReason of the inference component, then the last lines of its log group.",
                threshold=1,
                operator=BELOW,
                periods=15,
                # Who does not run does not report.
                missing=cloudwatch.TreatMissingData.BREACHING,
            )
        self._made.add(
            "GpuMemory",
            metrics.copies("GPUMemoryUtilizationNormalized", statistic="Maximum"),
            description=f"For 15 minutes a copy has used {_GPU_MEMORY_PERCENT}% of its GPU memory or more: the next "
            "long batch can end it. First step: lower max_batch_prefill_tokens or max_total_tokens; `twin plan` says "
            "how much there is room for.",
            threshold=_GPU_MEMORY_PERCENT,
            operator=AT_LEAST,
            periods=3,
        )
        self._made.add(
            "Full",
            metrics.requests("ConcurrentRequestsPerCopy", statistic="Maximum"),
            description=f"For {_FULL_MIN} minutes every copy had {target_concurrency} requests in flight or more, "
            f"which scaling aims at, and it has not caught up. First step: see whether all {max_copies} copies run; "
            "then raise max_copies. If fewer run, read the scaling activities: there is no capacity or no quota.",
            threshold=target_concurrency,
            operator=AT_LEAST,
            periods=_count_periods(_FULL_MIN * 60),
        )

        self._add_queue(engine_metrics)

    def _add_queue(self, metrics: EngineMetrics) -> None:
        """Announce that requests wait inside the containers: a queue there is not seen from outside."""
        first_step = (
            "First step: compare with requests in flight per copy. If those are below what scaling aims at, aim lower "
            "(target_concurrency): the copies admit more than they can work on; if not, let more copies start "
            "(max_copies)."
        )
        if metrics.engine is Engine.TGI:
            self._made.add(
                "Queued",
                metrics.share("QueuedRequests", "AnsweredRequests", label="requests that waited, in percent"),
                description=f"For 15 minutes more than {_QUEUED_PERCENT}% of the requests waited a second or longer in "
                f"TGI before it began with them. {first_step}",
                threshold=_QUEUED_PERCENT,
                operator=ABOVE,
                periods=3,
            )
        else:
            self._made.add(
                "Queued",
                metrics.metric("WaitingRequests", statistic="Average"),
                description=f"For 15 minutes {_WAITING} request or more waited in vLLM for a place in the batch or for "
                f"KV cache, on average. {first_step}",
                threshold=_WAITING,
                operator=AT_LEAST,
                periods=3,
            )


def _count_periods(duration_s: int) -> int:
    return ceil(duration_s / PERIOD_S)
