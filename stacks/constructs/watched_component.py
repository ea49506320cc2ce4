"""What the monitoring shows and watches: models, and adapters that are components of their own."""

from dataclasses import dataclass

from stacks.constructs.endpoint_metrics import EndpointMetrics
from stacks.constructs.engine_metrics import EngineMetrics


@dataclass(frozen=True, kw_only=True)
class WatchedComponent:
    """A component by the name that people know it by, and what SageMaker measures of it.

    Attributes:
        name: the model's or the adapter's.
        metrics: what is measured.
    """

    name: str
    metrics: EndpointMetrics


@dataclass(frozen=True, kw_only=True)
class WatchedModel(WatchedComponent):
    """A component with copies of its own.

    Attributes:
        engine_metrics: what the engine in its copies says of itself.
    """

    engine_metrics: EngineMetrics
