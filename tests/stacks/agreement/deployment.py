"""The templates of one deployment, read by what is in them."""

import copy
from dataclasses import dataclass
from typing import Any

Properties = dict[str, Any]

# By which variables each engine is told.
VARIABLES = {
    "tgi": {
        "model": "HF_MODEL_ID",
        "revision": "HF_MODEL_REVISION",
        "gpus": "SM_NUM_GPUS",
        "input_tokens": "MAX_INPUT_TOKENS",
        "total_tokens": "MAX_TOTAL_TOKENS",
        "requests": "MAX_CONCURRENT_REQUESTS",
    },
    # vLLM bounds prompt and answer together, not the prompt.
    "vllm": {
        "model": "SM_VLLM_MODEL",
        "revision": "SM_VLLM_REVISION",
        "gpus": "SM_VLLM_TENSOR_PARALLEL_SIZE",
        "total_tokens": "SM_VLLM_MAX_MODEL_LEN",
        "requests": "SM_VLLM_MAX_NUM_SEQS",
    },
}


@dataclass(frozen=True)
class Template:
    """One stack's template."""

    document: dict[str, Any]

    def all(self, kind: str) -> dict[str, Properties]:
        """The properties of the resources of a type, by logical id."""
        resources = self.document["Resources"].items()
        return {name: body["Properties"] for name, body in resources if body["Type"] == kind}

    def only(self, kind: str) -> Properties:
        """The properties of the only resource of a type."""
        (properties,) = self.all(kind).values()
        return properties

    def name(self, kind: str) -> str:
        """The logical id of the only resource of a type."""
        (name,) = self.all(kind)
        return name

    def body(self, kind: str) -> dict[str, Any]:
        """The whole of the only resource of a type."""
        return self.document["Resources"][self.name(kind)]

    def ref(self, kind: str) -> dict[str, str]:
        return {"Ref": self.name(kind)}

    def attribute(self, kind: str, attribute: str) -> dict[str, list[str]]:
        return {"Fn::GetAtt": [self.name(kind), attribute]}

    def output(self, key: str) -> Any:
        return self.outputs[key]

    @property
    def outputs(self) -> dict[str, Any]:
        return {key: output["Value"] for key, output in self.document.get("Outputs", {}).items()}

    @property
    def parameters(self) -> dict[str, Any]:
        """What is published in the Parameter Store, by name."""
        return {body["Name"]: body["Value"] for body in self.all("AWS::SSM::Parameter").values()}

    def policies(self, kind: str) -> dict[str, Properties]:
        """The scaling policies of a type, by logical id."""
        found = self.all("AWS::ApplicationAutoScaling::ScalingPolicy").items()
        return {name: policy for name, policy in found if policy["PolicyType"] == kind}

    def alarm(self, metric: str) -> Properties:
        """The only alarm on a metric."""
        (alarm,) = (a for a in self.all("AWS::CloudWatch::Alarm").values() if a.get("MetricName") == metric)
        return alarm


@dataclass(frozen=True)
class Deployment:
    """What is deployed together: the endpoint, the service that asks it, and what watches it."""

    engine: str
    endpoint: Template
    service: Template
    monitoring: Template

    def copy(self) -> "Deployment":
        """The same, to be broken."""
        return copy.deepcopy(self)

    @property
    def container(self) -> Properties:
        return self.endpoint.only("AWS::SageMaker::Model")["PrimaryContainer"]

    @property
    def variant(self) -> Properties:
        (variant,) = self.endpoint.only("AWS::SageMaker::EndpointConfig")["ProductionVariants"]
        return variant

    @property
    def component(self) -> Properties:
        return self.endpoint.only("AWS::SageMaker::InferenceComponent")

    @property
    def target(self) -> Properties:
        """Between which numbers of copies scaling moves."""
        return self.endpoint.only("AWS::ApplicationAutoScaling::ScalableTarget")

    @property
    def tracking(self) -> Properties:
        """What scaling aims at."""
        (policy,) = self.endpoint.policies("TargetTrackingScaling").values()
        return policy["TargetTrackingScalingPolicyConfiguration"]

    def told(self, meaning: str) -> str | None:
        """What the engine is told, by what it means; None if it is not told that."""
        return self.container["Environment"].get(VARIABLES[self.engine].get(meaning, ""))

    def tell(self, meaning: str, value: str) -> None:
        self.container["Environment"][VARIABLES[self.engine][meaning]] = value

    @property
    def task(self) -> Properties:
        """The container of the service's task."""
        (container,) = self.service.only("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
        return container

    @property
    def environment(self) -> dict[str, Any]:
        """What the service is told."""
        return {variable["Name"]: variable["Value"] for variable in self.task["Environment"]}

    def tell_service(self, name: str, value: Any) -> None:
        (variable,) = (variable for variable in self.task["Environment"] if variable["Name"] == name)
        variable["Value"] = value

    def statement(self, action: str, *, of: Template, role: str | None = None) -> Properties:
        """The only statement that allows an action, in the roles of a stack or in the one with this logical id."""
        found = [
            statement
            for name, properties in of.all("AWS::IAM::Role").items()
            if role in (None, name)
            for policy in properties.get("Policies", ())
            for statement in policy["PolicyDocument"]["Statement"]
            if action in as_list(statement["Action"])
        ]
        (statement,) = found
        return statement


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def attributes(properties: Properties, key: str) -> dict[str, str]:
    """A load balancer's or target group's attributes."""
    return {attribute["Key"]: attribute["Value"] for attribute in properties[key]}
