"""Which of the components is it: the first questions on a dashboard, asked of each in the same graph."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch

from stacks.constructs.endpoint_metrics import US_PER_S
from stacks.constructs.graph import WIDTH, graph_each
from stacks.constructs.watched_component import WatchedComponent, WatchedModel


def compare(models: Sequence[WatchedModel], adapters: Sequence[WatchedComponent]) -> list[list[cloudwatch.IWidget]]:
    """Return rows of graphs with a line for each component: what is asked of it, what fails, how long, and on how many.

    Args:
        models: the models. Where they are several, a second row is of what only they have.
        adapters: the adapters.
    """
    components = (*models, *adapters)
    quarter, half = WIDTH // 4, WIDTH // 2
    rows: list[list[cloudwatch.IWidget]] = [
        [
            graph_each("Requests", _of(components, "Invocations", "Sum"), width=quarter),
            graph_each("Failed by the container (5xx)", _of(components, "Invocation5XXErrors", "Sum"), width=quarter),
            graph_each("Without a valid answer", _of(components, "InvocationModelErrors", "Sum"), width=quarter),
            graph_each(
                "A tenth is slower, seconds",
                _of(components, "ModelLatency", "p90"),
                width=quarter,
                divide_by=US_PER_S,
            ),
        ]
    ]
    if len(models) > 1:
        rows.append(
            [
                graph_each(
                    "Requests in flight per copy", _of(models, "ConcurrentRequestsPerCopy", "Maximum"), width=half
                ),
                graph_each(
                    "Copies",
                    {f"m{n}": one.metrics.running_copies(label=one.name) for n, one in enumerate(models)},
                    width=half,
                ),
            ]
        )
    return rows


def _of(components: Sequence[WatchedComponent], name: str, statistic: str) -> dict[str, cloudwatch.Metric]:
    return {
        f"m{n}": component.metrics.requests(name, statistic=statistic, label=component.name)
        for n, component in enumerate(components)
    }
