"""One page that answers: is it healthy, is it fast, is it full, what does it cost."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from model.engines import Engine
from model.hardware import PRICES_READ, PRICES_REGION
from stacks.constructs.endpoint_metrics import US_PER_S, EndpointMetrics
from stacks.constructs.engine_metrics import EngineMetrics

_WIDTH = 24
_HEIGHT = 6


class EndpointDashboard(Construct):
    """A dashboard with one row for each question.

    Args:
        scope: the parent.
        construct_id: the id below it.
        name: the dashboard's name; CloudWatch has the same dashboards in all regions.
        metrics: of what is shown.
        engine_metrics: what the engine says of itself.
        alarms: whose states are the first row.
        target_concurrency: requests in flight per copy that scaling aims at.
        usd_per_hour: what an instance costs; None where it is not known.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        metrics: EndpointMetrics,
        engine_metrics: EngineMetrics,
        alarms: Sequence[cloudwatch.IAlarm],
        target_concurrency: int,
        usd_per_hour: float | None,
    ) -> None:
        super().__init__(scope, construct_id)
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=name,
            default_interval=Duration.hours(12),
            widgets=[
                [_title("Is it healthy?", "Alarms that have fired name a first step in their description.")],
                [
                    cloudwatch.AlarmStatusWidget(title="Alarms", alarms=alarms, width=_WIDTH // 3, height=_HEIGHT),
                    *_describe_health(metrics),
                ],
                [_title("Is it fast?", "Time in the container and in SageMaker; clients measure the first token.")],
                _describe_speed(metrics),
                _describe_engine(engine_metrics),
                [_title("Is it full?", "Scaling starts a copy when the requests in flight pass the line.")],
                _describe_fullness(metrics, target_concurrency),
                [_title("What does it cost?", _explain_price(usd_per_hour))],
                _describe_cost(metrics, usd_per_hour),
            ],
        )


def _describe_health(metrics: EndpointMetrics) -> list[cloudwatch.IWidget]:
    return [
        _graph("Requests", metrics.requests("Invocations", statistic="Sum", label="requests"), width=_WIDTH // 3),
        _graph(
            "Failures",
            metrics.requests("Invocation5XXErrors", statistic="Sum", label="5xx"),
            metrics.requests("Invocation4XXErrors", statistic="Sum", label="4xx"),
            metrics.requests("InvocationModelErrors", statistic="Sum", label="no valid answer"),
            metrics.requests("NoCapacityInvocationFailures", statistic="Sum", label="no copy"),
            width=_WIDTH // 3,
        ),
    ]


def _describe_speed(metrics: EndpointMetrics) -> list[cloudwatch.IWidget]:
    def in_seconds(name: str, statistic: str, label: str) -> cloudwatch.MathExpression:
        # One name for each metric of a graph.
        value = f"{name.lower()}_{statistic.lower()}"
        return cloudwatch.MathExpression(
            expression=f"{value} / {US_PER_S}",
            using_metrics={value: metrics.requests(name, statistic=statistic, label=label)},
            label=label,
        )

    return [
        _graph(
            "In the container, seconds",
            in_seconds("ModelLatency", "p50", "half are faster"),
            in_seconds("ModelLatency", "p90", "a tenth is slower"),
            in_seconds("ModelLatency", "p99", "one in a hundred is slower"),
            width=_WIDTH // 2,
        ),
        _graph(
            "Added by SageMaker, seconds",
            in_seconds("OverheadLatency", "Average", "average"),
            in_seconds("OverheadLatency", "Maximum", "greatest"),
            width=_WIDTH // 2,
        ),
    ]


def _describe_engine(metrics: EngineMetrics) -> list[cloudwatch.IWidget]:
    if metrics.engine is Engine.TGI:
        return [
            _graph(
                "Requests that waited a second or longer in TGI, percent",
                metrics.share("QueuedRequests", "AnsweredRequests", label="waited"),
                width=_WIDTH // 2,
            ),
            _graph(
                "Answers slower than 10 tokens a second, percent",
                metrics.share("SlowTokenRequests", "AnsweredRequests", label="slow"),
                width=_WIDTH // 2,
            ),
        ]
    return [
        _graph(
            "Tokens a second and copy, while it works",
            metrics.metric("GeneratedTokensPerSecond", statistic="Average", label="generated"),
            metrics.metric("PromptTokensPerSecond", statistic="Average", label="of prompts"),
            width=_WIDTH // 3,
        ),
        _graph(
            "Requests in vLLM, a copy",
            metrics.metric("RunningRequests", statistic="Average", label="running"),
            metrics.metric("WaitingRequests", statistic="Average", label="waiting"),
            width=_WIDTH // 3,
        ),
        _graph(
            "Reports of a KV cache that is 90% full or more",
            metrics.metric("NearlyFullCacheReports", statistic="Sum", label="reports, one in 10 s and copy"),
            width=_WIDTH // 3,
        ),
    ]


def _describe_fullness(metrics: EndpointMetrics, target_concurrency: int) -> list[cloudwatch.IWidget]:
    return [
        _graph(
            "Requests in flight per copy",
            metrics.requests("ConcurrentRequestsPerCopy", statistic="Maximum", label="greatest"),
            metrics.requests("ConcurrentRequestsPerCopy", statistic="Minimum", label="least"),
            width=_WIDTH // 3,
            line=cloudwatch.HorizontalAnnotation(value=target_concurrency, label="scaling aims here"),
        ),
        _graph("Copies", metrics.running_copies(label="copies"), width=_WIDTH // 3),
        _graph(
            "Used of what a copy reserved, percent",
            metrics.copies("GPUUtilizationNormalized", statistic="Average", label="GPU"),
            metrics.copies("GPUMemoryUtilizationNormalized", statistic="Maximum", label="GPU memory"),
            metrics.copies("CPUUtilizationNormalized", statistic="Average", label="CPU"),
            metrics.copies("MemoryUtilizationNormalized", statistic="Maximum", label="memory"),
            width=_WIDTH // 3,
        ),
    ]


def _describe_cost(metrics: EndpointMetrics, usd_per_hour: float | None) -> list[cloudwatch.IWidget]:
    widgets: list[cloudwatch.IWidget] = [_graph("Instances", metrics.running_instances(), width=_WIDTH // 2)]
    if usd_per_hour is not None:
        per_hour = cloudwatch.MathExpression(
            expression=f"instances * {usd_per_hour:g}",
            using_metrics={"instances": metrics.running_instances()},
            label="US dollars an hour",
            period=Duration.minutes(1),
        )
        widgets.append(_graph("US dollars an hour", per_hour, width=_WIDTH // 2))
    return widgets


def _explain_price(usd_per_hour: float | None) -> str:
    if usd_per_hour is None:
        return "The price of an instance is not known here: `twin cost` counts the types that run."
    return f"An instance costs {usd_per_hour:g} US dollars an hour, on demand in {PRICES_REGION} as of {PRICES_READ}."


def _title(question: str, note: str) -> cloudwatch.TextWidget:
    return cloudwatch.TextWidget(markdown=f"## {question}\n{note}", width=_WIDTH, height=2)


def _graph(
    title: str, *metrics: cloudwatch.IMetric, width: int, line: cloudwatch.HorizontalAnnotation | None = None
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=list(metrics),
        left_y_axis=cloudwatch.YAxisProps(min=0),
        left_annotations=[line] if line else None,
        width=width,
        height=_HEIGHT,
    )
