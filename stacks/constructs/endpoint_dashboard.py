"""One page that answers: is it healthy, is it fast, is it full, what does it cost."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from model.engines import Engine
from model.hardware import PRICES_READ, PRICES_REGION
from stacks.constructs.component_comparison import compare
from stacks.constructs.endpoint_metrics import US_PER_S, EndpointMetrics
from stacks.constructs.engine_metrics import EngineMetrics
from stacks.constructs.graph import HEIGHT, WIDTH, graph, title
from stacks.constructs.watched_component import WatchedComponent, WatchedModel

# CloudWatch takes 100 alarms in a widget, and in a dashboard 500 widgets and 2,500 metrics: a section has 11 and 35.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
_MOST_ALARMS = 100
_MOST_SECTIONS = 20


class EndpointDashboard(Construct):
    """A dashboard with one row for each question.

    Args:
        scope: the parent.
        construct_id: the id below it.
        name: the dashboard's name; CloudWatch has the same dashboards in all regions.
        models: the models on the endpoint, first the one that it is there for.
        adapters: the adapters that are components of their own.
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
        models: Sequence[WatchedModel],
        adapters: Sequence[WatchedComponent],
        alarms: Sequence[cloudwatch.IAlarm],
        target_concurrency: int,
        usd_per_hour: float | None,
    ) -> None:
        super().__init__(scope, construct_id)
        main, *beside = models
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=name,
            default_interval=Duration.hours(12),
            widgets=[
                [title("Is it healthy?", "Alarms that have fired name a first step in their description.")],
                [
                    _list_alarms(alarms[:_MOST_ALARMS], width=WIDTH // 3),
                    *_describe_health(main.metrics),
                ],
                *(
                    [_list_alarms(alarms[first : first + _MOST_ALARMS], width=WIDTH)]
                    for first in range(_MOST_ALARMS, len(alarms), _MOST_ALARMS)
                ),
                *(_compare(models, adapters) if beside or adapters else []),
                [title("Is it fast?", "Time in the container and in SageMaker; clients measure the first token.")],
                _describe_speed(main.metrics),
                _describe_engine(main.engine_metrics),
                [title("Is it full?", "Scaling starts a copy when the requests in flight pass the line.")],
                _describe_fullness(main.metrics, target_concurrency),
                [title("What does it cost?", _explain_price(usd_per_hour))],
                _describe_cost(main.metrics, usd_per_hour),
                *(row for model in beside[:_MOST_SECTIONS] for row in _describe_beside(model, target_concurrency)),
            ],
        )


def _list_alarms(alarms: Sequence[cloudwatch.IAlarm], *, width: int) -> cloudwatch.AlarmStatusWidget:
    return cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=width, height=HEIGHT)


def _compare(models: Sequence[WatchedModel], adapters: Sequence[WatchedComponent]) -> list[list[cloudwatch.IWidget]]:
    main, *beside = models
    note = f"A line for each. The other questions are asked of {main.name}"
    if beside:
        note += ", and then of the models beside it"
    if len(beside) > _MOST_SECTIONS:
        note += f" (the first {_MOST_SECTIONS}: a dashboard has no room for more)"
    return [[title("Which component is it?", f"{note}.")], *compare(models, adapters)]


def _describe_beside(model: WatchedModel, target_concurrency: int) -> list[list[cloudwatch.IWidget]]:
    return [
        [title(f"{model.name}: is it healthy, fast, full?", "A model beside, on the same instances.")],
        _describe_health(model.metrics),
        _describe_speed(model.metrics),
        _describe_engine(model.engine_metrics),
        _describe_fullness(model.metrics, target_concurrency),
    ]


def _describe_health(metrics: EndpointMetrics) -> list[cloudwatch.IWidget]:
    return [
        graph("Requests", metrics.requests("Invocations", statistic="Sum", label="requests"), width=WIDTH // 3),
        graph(
            "Failures",
            metrics.requests("Invocation5XXErrors", statistic="Sum", label="5xx"),
            metrics.requests("Invocation4XXErrors", statistic="Sum", label="4xx"),
            metrics.requests("InvocationModelErrors", statistic="Sum", label="no valid answer"),
            metrics.requests("NoCapacityInvocationFailures", statistic="Sum", label="no copy"),
            width=WIDTH // 3,
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
        graph(
            "In the container, seconds",
            in_seconds("ModelLatency", "p50", "half are faster"),
            in_seconds("ModelLatency", "p90", "a tenth is slower"),
            in_seconds("ModelLatency", "p99", "one in a hundred is slower"),
            width=WIDTH // 2,
        ),
        graph(
            "Added by SageMaker, seconds",
            in_seconds("OverheadLatency", "Average", "average"),
            in_seconds("OverheadLatency", "Maximum", "greatest"),
            width=WIDTH // 2,
        ),
    ]


def _describe_engine(metrics: EngineMetrics) -> list[cloudwatch.IWidget]:
    if metrics.engine is Engine.TGI:
        return [
            graph(
                "Requests that waited a second or longer in TGI, percent",
                metrics.share("QueuedRequests", "AnsweredRequests", label="waited"),
                width=WIDTH // 2,
            ),
            graph(
                "Answers slower than 10 tokens a second, percent",
                metrics.share("SlowTokenRequests", "AnsweredRequests", label="slow"),
                width=WIDTH // 2,
            ),
        ]
    return [
        graph(
            "Tokens a second and copy, while it works",
            metrics.metric("GeneratedTokensPerSecond", statistic="Average", label="generated"),
            metrics.metric("PromptTokensPerSecond", statistic="Average", label="of prompts"),
            width=WIDTH // 3,
        ),
        graph(
            "Requests in vLLM, a copy",
            metrics.metric("RunningRequests", statistic="Average", label="running"),
            metrics.metric("WaitingRequests", statistic="Average", label="waiting"),
            width=WIDTH // 3,
        ),
        graph(
            "Reports of a KV cache that is 90% full or more",
            metrics.metric("NearlyFullCacheReports", statistic="Sum", label="reports, one in 10 s and copy"),
            width=WIDTH // 3,
        ),
    ]


def _describe_fullness(metrics: EndpointMetrics, target_concurrency: int) -> list[cloudwatch.IWidget]:
    return [
        graph(
            "Requests in flight per copy",
            metrics.requests("ConcurrentRequestsPerCopy", statistic="Maximum", label="greatest"),
            metrics.requests("ConcurrentRequestsPerCopy", statistic="Minimum", label="least"),
            width=WIDTH // 3,
            line=cloudwatch.HorizontalAnnotation(value=target_concurrency, label="scaling aims here"),
        ),
        graph("Copies", metrics.running_copies(label="copies"), width=WIDTH // 3),
        graph(
            "Used of what a copy reserved, percent",
            metrics.copies("GPUUtilizationNormalized", statistic="Average", label="GPU"),
            metrics.copies("GPUMemoryUtilizationNormalized", statistic="Maximum", label="GPU memory"),
            metrics.copies("CPUUtilizationNormalized", statistic="Average", label="CPU"),
            metrics.copies("MemoryUtilizationNormalized", statistic="Maximum", label="memory"),
            width=WIDTH // 3,
        ),
    ]


def _describe_cost(metrics: EndpointMetrics, usd_per_hour: float | None) -> list[cloudwatch.IWidget]:
    widgets: list[cloudwatch.IWidget] = [graph("Instances", metrics.running_instances(), width=WIDTH // 2)]
    if usd_per_hour is not None:
        per_hour = cloudwatch.MathExpression(
            expression=f"instances * {usd_per_hour:g}",
            using_metrics={"instances": metrics.running_instances()},
            label="US dollars an hour",
            period=Duration.minutes(1),
        )
        widgets.append(graph("US dollars an hour", per_hour, width=WIDTH // 2))
    return widgets


def _explain_price(usd_per_hour: float | None) -> str:
    if usd_per_hour is None:
        return "The price of an instance is not known here: `twin cost` counts the types that run."
    return f"An instance costs {usd_per_hour:g} US dollars an hour, on demand in {PRICES_REGION} as of {PRICES_READ}."
