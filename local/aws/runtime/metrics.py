"""Counts invocations into CloudWatch, as SageMaker does.

Values of ten seconds share one statistic set, which stands in moto's CloudWatch from its first value on: nothing has to
be flushed, and a busy endpoint costs a few objects in ten seconds. It does not know alarms.
"""

import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from moto.cloudwatch.models import MetricAggregatedDatum, cloudwatch_backends
from moto.core.utils import utcnow

from local.aws.wire.place import Place

_NAMESPACE = "AWS/SageMaker"
_PERIOD_S = 10
# Older statistic sets are dropped: with eight of them in ten seconds this is about a day of steady load.
_MAX_SETS = 70_000

_UNITS = {"ModelLatency": "Microseconds", "OverheadLatency": "Microseconds"}

Dimensions = tuple[tuple[str, str], ...]
Key = tuple[Dimensions, str]


@dataclass(frozen=True, kw_only=True)
class Invoked:
    """What was invoked: the names that are the dimensions of its metrics."""

    place: Place
    endpoint: str
    variant: str
    component: str

    @property
    def dimension_sets(self) -> tuple[Dimensions, Dimensions]:
        """SageMaker publishes each metric for the variant and for the component."""
        return (
            (("EndpointName", self.endpoint), ("VariantName", self.variant)),
            (("InferenceComponentName", self.component),),
        )


@dataclass
class _Sets:
    """The statistic sets of one place: the open ones by key, and all in the order they were made."""

    open: dict[Key, MetricAggregatedDatum] = field(default_factory=dict)
    all: deque[MetricAggregatedDatum] = field(default_factory=deque)


class InvocationMetrics:
    """The metrics of all endpoints."""

    def __init__(self) -> None:
        self._places: dict[Place, _Sets] = {}
        self._lock = threading.Lock()

    def answered(self, invoked: Invoked, *, status: int, model_s: float, overhead_s: float) -> None:
        """A request reached a model.

        Args:
            invoked: what was invoked.
            status: that the container answered; 0 when it did not answer, which counts as its fault.
            model_s: how long the container took.
            overhead_s: how long everything else took.
        """
        values = {
            "Invocations": 1.0,
            "Invocation4XXErrors": float(400 <= status < 500),
            "Invocation5XXErrors": float(status >= 500 or status == 0),
            "ModelLatency": model_s * 1e6,
            "OverheadLatency": overhead_s * 1e6,
        }
        self._record(invoked.place, dict.fromkeys(invoked.dimension_sets, values))

    def had_no_capacity(self, invoked: Invoked) -> None:
        """A request found no copy: what wakes a component that was scaled to zero."""
        _, of_component = invoked.dimension_sets
        self._record(invoked.place, {of_component: {"NoCapacityInvocationFailures": 1.0}})

    def _record(self, place: Place, values: Mapping[Dimensions, Mapping[str, float]]) -> None:
        with self._lock:
            sets = self._places.setdefault(place, _Sets())
            for dimensions, named in values.items():
                for name, value in named.items():
                    _add(self._open(place, sets, (dimensions, name)), value)

    def _open(self, place: Place, sets: _Sets, key: Key) -> MetricAggregatedDatum:
        now = utcnow()
        begin = now.replace(second=now.second - now.second % _PERIOD_S, microsecond=0)
        current = sets.open.get(key)
        if current is not None and current.timestamp == begin:
            return current
        dimensions, name = key
        current = MetricAggregatedDatum(
            namespace=_NAMESPACE,
            name=name,
            min_stat=float("inf"),
            max_stat=float("-inf"),
            sample_count=0.0,
            sum_stat=0.0,
            dimensions=[{"Name": part, "Value": value} for part, value in dimensions],
            timestamp=begin,
            unit=_UNITS.get(name, "Count"),
        )
        metric_data = cloudwatch_backends[place.account_id][place.region].metric_data
        metric_data.append(current)
        sets.open[key] = current
        sets.all.append(current)
        if len(sets.all) > _MAX_SETS:
            with suppress(ValueError):  # moto's state may have been reset
                metric_data.remove(sets.all.popleft())
        return current


def _add(statistics: MetricAggregatedDatum, value: float) -> None:
    statistics.min = min(statistics.min, value)
    statistics.max = max(statistics.max, value)
    statistics.sum += value
    statistics.sample_count += 1
