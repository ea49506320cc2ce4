"""The widgets that the dashboard is made of."""

from collections.abc import Mapping

from aws_cdk import aws_cloudwatch as cloudwatch

WIDTH = 24
HEIGHT = 6
# More lines than this cannot be told apart. CloudWatch itself draws 500 metrics in a graph.
MOST_LINES = 20


def title(question: str, note: str) -> cloudwatch.TextWidget:
    """Return a heading over the whole width, with a note below it."""
    return cloudwatch.TextWidget(markdown=f"## {question}\n{note}", width=WIDTH, height=2)


def graph(
    title: str, *metrics: cloudwatch.IMetric, width: int, line: cloudwatch.HorizontalAnnotation | None = None
) -> cloudwatch.GraphWidget:
    """Return a graph from zero upwards.

    Args:
        title: what it shows.
        metrics: its lines, by their labels.
        width: of the 24 columns of a dashboard.
        line: a level that is marked.
    """
    return cloudwatch.GraphWidget(
        title=title,
        left=list(metrics),
        left_y_axis=cloudwatch.YAxisProps(min=0),
        left_annotations=[line] if line else None,
        width=width,
        height=HEIGHT,
    )


def graph_each(
    title: str, metrics: Mapping[str, cloudwatch.Metric], *, width: int, divide_by: int = 1
) -> cloudwatch.GraphWidget:
    """Return a graph with a line for each of several things, or, of very many, for those with the greatest values.

    Args:
        title: what it shows.
        metrics: the same metric of each thing.
        width: of the 24 columns of a dashboard.
        divide_by: what the values are divided by.
    """
    each = "METRICS()" if divide_by == 1 else f"METRICS() / {divide_by}"
    if len(metrics) > MOST_LINES:
        title, each = f"{title}: the {MOST_LINES} greatest", f"SORT({each}, MAX, DESC, {MOST_LINES})"
    elif divide_by == 1:
        return graph(title, *metrics.values(), width=width)
    # The label stands before each metric's own.
    together = cloudwatch.MathExpression(expression=each, using_metrics=dict(metrics), label="of")
    return graph(title, together, width=width)
