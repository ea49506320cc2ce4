"""What an engine says of itself in its log, as metrics: how requests wait inside a container, and how tokens come.

SageMaker scrapes the container's own metrics only of vLLM, and gives those to PromQL, not to a dashboard's or an
alarm's metric: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch-detailed-observability.html
So both engines are read where both speak, in the log that SageMaker writes of each component.

TGI writes a line for each request, with durations as Rust prints them: `queue_time="49.382µs"`, `"357.867572ms"`,
`"1.276254512s"`. Their units change with their size, so they cannot be taken as numbers, but their size can be counted
by the unit. The line has colours, which SageMaker's log shows as text, or is JSON: hence the room around the equals
sign.
https://github.com/huggingface/text-generation-inference/blob/v3.3.7/router/src/server.rs

vLLM writes a line every 10 seconds in which something was generated, with numbers that stand free:
https://github.com/vllm-project/vllm/blob/main/vllm/v1/metrics/loggers.py

The syntax: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html. A log group takes five
patterns with regular expressions; those know no parentheses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from model.engines import Engine

_PERIOD = Duration.minutes(5)


@dataclass(frozen=True, kw_only=True)
class LoggedMetric:
    """One number that is read from the lines of a log.

    Attributes:
        name: the metric's name.
        pattern: which lines have it, in the syntax of CloudWatch's metric filters.
        value: what is taken of such a line: a field of the pattern, or 1 to count them.
    """

    name: str
    pattern: str
    value: str = "1"

    @property
    def is_count(self) -> bool:
        """Whether lines are counted: then a period without one is a zero, not a gap."""
        return self.value == "1"


def _of_tgi(attribute: str, *durations: str) -> str:
    """Return the pattern of lines in which a duration looks like one of some."""
    equals = r".{0,14}[=:].{0,7}\x22"
    return "%" + "|".join(f"{attribute}{equals}{duration}" for duration in durations) + "%"


_SECONDS = r"\d+\.?\d*s\x22"
_HUNDREDS_OF_MS = r"\d{3}\.?\d*ms\x22"
# (APIServer pid=1) INFO 05-19 10:13:11 [loggers.py:271] Engine 000: Avg prompt throughput: 0.0 tokens/s, Avg generation
# throughput: 1055.3 tokens/s, Running: 18 reqs, Waiting: 43 reqs, GPU KV cache usage: 95.9%, …
_VLLM_LINE = (
    '[process, pid, level, day, time, file, engine="Engine", number, avg1, of1="prompt", word1, prompt_tokens, unit1, '
    'avg2, of2="generation", word2, generated_tokens, unit2, state1="Running:", running, unit3, state2="Waiting:", '
    "waiting, ...]"
)

LOGGED: Mapping[Engine, tuple[LoggedMetric, ...]] = MappingProxyType(
    {
        Engine.TGI: (
            LoggedMetric(name="AnsweredRequests", pattern=_of_tgi("time_per_token", "")),
            LoggedMetric(name="QueuedRequests", pattern=_of_tgi("queue_time", _SECONDS)),
            LoggedMetric(name="SlowTokenRequests", pattern=_of_tgi("time_per_token", _SECONDS, _HUNDREDS_OF_MS)),
        ),
        Engine.VLLM: (
            LoggedMetric(name="PromptTokensPerSecond", pattern=_VLLM_LINE, value="$prompt_tokens"),
            LoggedMetric(name="GeneratedTokensPerSecond", pattern=_VLLM_LINE, value="$generated_tokens"),
            LoggedMetric(name="RunningRequests", pattern=_VLLM_LINE, value="$running"),
            LoggedMetric(name="WaitingRequests", pattern=_VLLM_LINE, value="$waiting"),
            LoggedMetric(
                name="NearlyFullCacheReports", pattern=r"%KV\scache\susage:\s9\d\.\d|KV\scache\susage:\s100\.\d%"
            ),
        ),
    }
)


class EngineMetrics:
    """The metrics that one engine's log gives.

    A metric filter puts no dimension of one's own on a metric: what it belongs to is in the namespace.

    Args:
        engine: what writes the log.
        namespace: where the metrics are.
    """

    def __init__(self, *, engine: Engine, namespace: str) -> None:
        self.engine = engine
        self.namespace = namespace
        self.logged = LOGGED[engine]

    def metric(self, name: str, *, statistic: str, label: str | None = None) -> cloudwatch.Metric:
        """One of `logged`, of all copies together."""
        return cloudwatch.Metric(
            namespace=self.namespace, metric_name=name, statistic=statistic, label=label, period=_PERIOD
        )

    def share(self, part: str, whole: str, *, label: str) -> cloudwatch.MathExpression:
        """What part of one count another is, in percent."""
        return cloudwatch.MathExpression(
            expression="IF(whole > 0, 100 * part / whole, 0)",
            using_metrics={
                "part": self.metric(part, statistic="Sum"),
                "whole": self.metric(whole, statistic="Sum"),
            },
            label=label,
            period=_PERIOD,
        )
