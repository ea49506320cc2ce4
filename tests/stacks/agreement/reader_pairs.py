"""What must agree between the templates and the programs that read what is deployed with them."""

from collections import UserDict
from typing import Any

from inference_client import EndpointAddress
from local.tgi.settings import Settings as TgiSettings
from service.settings import PREFIX, unknown_names
from tests.stacks.agreement.deployment import Deployment
from tests.stacks.agreement.pair import Pair

# Published for people and for permissions; the client needs names only.
NOT_READ_BY_CLIENT = {"EndpointArn", "InferenceComponentArn"}
PUBLISHED_WHERE_THERE_ARE_ANY = {"Adapters", "AdapterComponents", "BesideComponents"}
# Statistics that TGI would send home, and a word to the hub's library; the local server sends none and has no such.
NOT_READ_BY_LOCAL_TGI = {"USAGE_STATS", "HF_HUB_OFFLINE"}


class Recorded(UserDict[str, str]):
    """A mapping that knows what was looked for in it."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.read: set[str] = set()

    def __contains__(self, key: Any) -> bool:
        self.read.add(key)
        return super().__contains__(key)

    def __getitem__(self, key: str) -> str:
        self.read.add(key)
        return super().__getitem__(key)


def _outputs(d: Deployment) -> Recorded:
    """The endpoint's outputs, with what only AWS knows before the deployment as it answers after it."""
    known = {"EndpointName": d.endpoint.only("AWS::SageMaker::Endpoint")["EndpointName"]}
    return Recorded(d.endpoint.outputs | known | dict.fromkeys(NOT_READ_BY_CLIENT, "arn"))


def _read_by_client(d: Deployment) -> set[str]:
    outputs = _outputs(d)
    EndpointAddress.from_outputs(outputs)
    return outputs.read


def _understood_by_client(d: Deployment) -> tuple[int | None, int | None, str | None]:
    address = EndpointAddress.from_outputs(_outputs(d))
    return address.max_input_tokens, address.max_total_tokens, address.inference_component_name


def _read_by_local_tgi(d: Deployment) -> set[str]:
    environment = Recorded(d.container["Environment"])
    TgiSettings.from_environment(environment)
    return environment.read & environment.data.keys()


def _rename(values: dict[str, Any], old: str, new: str) -> None:
    values[new] = values.pop(old)


PAIRS = (
    Pair(
        name="the client reads what the endpoint's stack publishes",
        one=_read_by_client,
        other=lambda d: d.endpoint.outputs.keys() - NOT_READ_BY_CLIENT | PUBLISHED_WHERE_THERE_ARE_ANY,
        breaks=lambda d: _rename(d.endpoint.document["Outputs"], "MaxTotalTokens", "MaxTokens"),
    ),
    Pair(
        name="the client understands the limits and the component that the container has",
        one=_understood_by_client,
        other=lambda d: (
            int(d.told("input_tokens") or d.endpoint.output("MaxInputTokens")),
            int(d.told("total_tokens") or 0),
            d.component["InferenceComponentName"],
        ),
        breaks=lambda d: d.tell("total_tokens", "9999"),
    ),
    Pair(
        name="every variable of the service is a setting of the program",
        one=lambda d: unknown_names(d.environment),
        other=lambda d: [],
        breaks=lambda d: d.task["Environment"].append({"Name": f"{PREFIX}ANSWER_TIMEOUT", "Value": "1"}),
    ),
    Pair(
        name="beside its settings the service is told the region only",
        one=lambda d: [name for name in d.environment if not name.startswith(PREFIX)],
        other=lambda d: ["AWS_DEFAULT_REGION"],
        breaks=lambda d: d.task["Environment"].append({"Name": "AWS_REGION", "Value": "us-east-1"}),
    ),
    Pair(
        name="every variable of the container is read by the server that takes its place locally",
        one=_read_by_local_tgi,
        other=lambda d: d.container["Environment"].keys() - NOT_READ_BY_LOCAL_TGI,
        applies=lambda d: d.engine == "tgi",
        breaks=lambda d: _rename(d.container["Environment"], "MAX_CONCURRENT_REQUESTS", "MAX_REQUESTS"),
    ),
)
