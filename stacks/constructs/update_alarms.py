"""What takes an update back that comes up and then fails."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

# SageMaker takes ten alarms, and one is the component's own. Whether it takes an alarm on a sum of metrics, or one that
# is made of others, AWS does not say: docs/decisions/0009-adapters-on-vllm.md
MOST_ADAPTERS_WATCHED = 9
_PERIOD_S = 60
_SERVER_ERRORS = 3


class UpdateAlarms(Construct):
    """Alarms on requests that a container failed, which SageMaker watches while it rolls an update out.

    A copy that does not come up ends an update by itself. These are for one that answers /ping and not its requests.
    They count old copies and new ones together, as CloudWatch does; they tell nobody, which is the MonitoringStack's
    part.

    Requests for an adapter are counted under the name of its own component, so each adapter has an alarm. There is one
    for every slot, and that of a free slot watches the base: an adapter more changes what an alarm watches, and not the
    base, which names its alarms.

    Args:
        scope: the parent.
        construct_id: the id below it.
        component_name: what is watched.
        replacement_key: the hash that the name carries: what watches the component goes with it.
        adapters: the components of the adapters on its copies; the first `MOST_ADAPTERS_WATCHED` are watched.
        adapter_slots: how many adapters there may be without an update of the component.

    Attributes:
        alarm_names: their names.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        component_name: str,
        replacement_key: str,
        adapters: Sequence[str] = (),
        adapter_slots: int = 0,
    ) -> None:
        super().__init__(scope, construct_id)
        slots = min(adapter_slots, MOST_ADAPTERS_WATCHED)
        in_slots = [*adapters[:slots], *[component_name] * (slots - len(adapters))]
        self.alarm_names = [
            self._watch(component_name, f"ServerErrors{replacement_key}"),
            *(self._watch(name, f"ServerErrors{replacement_key}-slot{n}") for n, name in enumerate(in_slots, start=1)),
        ]

    def _watch(self, component_name: str, construct_id: str) -> str:
        alarm = cloudwatch.CfnAlarm(
            self,
            construct_id,
            alarm_description=f"{component_name} failed {_SERVER_ERRORS} requests or more within a minute (5xx): an "
            "update that is being rolled out is rolled back",
            namespace="AWS/SageMaker",
            metric_name="Invocation5XXErrors",
            dimensions=[cloudwatch.CfnAlarm.DimensionProperty(name="InferenceComponentName", value=component_name)],
            statistic="Sum",
            period=_PERIOD_S,
            evaluation_periods=1,
            datapoints_to_alarm=1,
            threshold=_SERVER_ERRORS,
            comparison_operator="GreaterThanOrEqualToThreshold",
            treat_missing_data="notBreaching",
        )
        return alarm.ref
