"""What must agree where adapters are components of their own."""

from typing import Any

from inference_client import EndpointAddress
from tests.stacks.agreement.deployment import Properties, Template, as_list
from tests.stacks.agreement.endpoint_pairs import ALARM, COMPONENT, CONFIG, ENDPOINT, MODEL, PARAMETER
from tests.stacks.agreement.pair import Pair, put

BASE = "BaseInferenceComponentName"
WEIGHTS = {"arn:aws:s3:::weights/twin/*"}


class AdapterTemplate(Template):
    """The endpoint's template of a deployment with adapters."""

    @property
    def base_id(self) -> str:
        """The logical id of the component that serves the model."""
        (name,) = (name for name, body in self.all(COMPONENT).items() if BASE not in body["Specification"])
        return name

    @property
    def base(self) -> Properties:
        return self.all(COMPONENT)[self.base_id]

    @property
    def adapters(self) -> dict[str, Properties]:
        """The adapters' components by their logical ids."""
        return {name: body for name, body in self.all(COMPONENT).items() if BASE in body["Specification"]}

    @property
    def one(self) -> Properties:
        """The first of them, to be broken."""
        return self.adapters[min(self.adapters)]

    def artifacts(self) -> set[str]:
        return {body["Specification"]["Container"]["ArtifactUrl"] for body in self.adapters.values()}

    def statements(self, action: str) -> list[Properties]:
        """What of the role and of the callers' policy allows an action."""
        documents = [policy["PolicyDocument"] for policy in self.only("AWS::IAM::Role")["Policies"]]
        documents.append(self.only("AWS::IAM::ManagedPolicy")["PolicyDocument"])
        found = [statement for document in documents for statement in document["Statement"]]
        return [statement for statement in found if action in as_list(statement["Action"])]

    def environment(self) -> dict[str, str]:
        return self.only(MODEL)["PrimaryContainer"]["Environment"]


def _looked_for(template: AdapterTemplate) -> set[str]:
    """What the role may ask a bucket for, but for the weights' prefix."""
    conditions = [(one["Resource"], one["Condition"]) for one in template.statements("s3:ListBucket")]
    return {
        f"{bucket}/{key}"
        for bucket, condition in conditions
        for key in as_list(condition.get("StringEquals", {}).get("s3:prefix", []))
    }


def _depends(template: AdapterTemplate, names: Any) -> list[set[str]]:
    return [set(as_list(template.document["Resources"][name].get("DependsOn", []))) for name in names]


def _published(template: AdapterTemplate) -> Any:
    known = {"EndpointName": "twin", "EndpointArn": "arn", "InferenceComponentArn": "arn"}
    return EndpointAddress.from_outputs(template.outputs | known).adapter_components


PAIRS = (
    Pair(
        name="an adapter adapts the component that serves the model",
        one=lambda t: {body["Specification"][BASE] for body in t.adapters.values()},
        other=lambda t: {t.base["InferenceComponentName"]},
        breaks=lambda t: put(t.base, "InferenceComponentName", "another"),
    ),
    Pair(
        name="an adapter is on the endpoint",
        one=lambda t: [body["EndpointName"] for body in t.adapters.values()],
        other=lambda t: [t.attribute(ENDPOINT, "EndpointName")] * len(t.adapters),
        breaks=lambda t: put(t.one, "EndpointName", "another"),
    ),
    Pair(
        name="an adapter is made after the component that it adapts, and deleted before it",
        one=lambda t: _depends(t, t.adapters),
        other=lambda t: [{t.base_id}] * len(t.adapters),
        breaks=lambda t: t.document["Resources"][min(t.adapters)].pop("DependsOn"),
    ),
    Pair(
        name="an adapter reserves nothing and has no copies",
        one=lambda t: {key for body in t.adapters.values() for key in (*body, *body["Specification"])},
        other=lambda t: {"InferenceComponentName", "EndpointName", "Specification", "Tags", BASE, "Container"},
        breaks=lambda t: put(t.one, "RuntimeConfig", {"CopyCount": 1}),
    ),
    Pair(
        name="the engine has a slot for every adapter",
        one=lambda t: t.environment()["SM_VLLM_MAX_LORAS"],
        other=lambda t: str(len(t.adapters)),
        breaks=lambda t: put(t.environment(), "SM_VLLM_MAX_LORAS", "1"),
    ),
    Pair(
        name="the engine takes adapters while it runs",
        one=lambda t: [
            t.environment().get(name) for name in ("SM_VLLM_ENABLE_LORA", "VLLM_ALLOW_RUNTIME_LORA_UPDATING")
        ],
        other=lambda t: ["true", "true"],
        breaks=lambda t: t.environment().pop("VLLM_ALLOW_RUNTIME_LORA_UPDATING"),
    ),
    Pair(
        name="the role reads exactly the archives",
        one=lambda t: {uri for one in t.statements("s3:GetObject") for uri in as_list(one["Resource"])} - WEIGHTS,
        other=lambda t: {uri.replace("s3://", "arn:aws:s3:::") for uri in t.artifacts()},
        breaks=lambda t: put(t.one["Specification"]["Container"], "ArtifactUrl", "s3://elsewhere/ada.tar.gz"),
    ),
    Pair(
        name="the role looks in each bucket for exactly its archives",
        one=_looked_for,
        other=lambda t: {uri.replace("s3://", "arn:aws:s3:::") for uri in t.artifacts()},
        breaks=lambda t: put(t.statements("s3:ListBucket")[-1]["Condition"]["StringEquals"], "s3:prefix", "ada/*"),
    ),
    Pair(
        name="callers may invoke and look at every component and the endpoint",
        one=lambda t: {
            str(sorted(map(str, as_list(one["Resource"]))))
            for action in ("sagemaker:InvokeEndpoint", "sagemaker:InvokeEndpointWithResponseStream")
            for one in t.statements(action)
        },
        other=lambda t: {str(sorted(str({"Ref": name}) for name in (*t.all(COMPONENT), *t.all(ENDPOINT))))},
        breaks=lambda t: t.statements("sagemaker:InvokeEndpoint")[0]["Resource"].pop(),
    ),
    Pair(
        name="callers may look at every component",
        one=lambda t: sorted(
            r["Ref"] for one in t.statements("sagemaker:DescribeInferenceComponent") for r in one["Resource"]
        ),
        other=lambda t: sorted((*t.all(COMPONENT), *t.all(ENDPOINT))),
        breaks=lambda t: t.statements("sagemaker:DescribeInferenceComponent")[0]["Resource"].pop(),
    ),
    Pair(
        name="the client finds the component of each adapter",
        one=lambda t: set((_published(t) or {}).values()),
        other=lambda t: {body["InferenceComponentName"] for body in t.adapters.values()},
        breaks=lambda t: put(t.one, "InferenceComponentName", "another"),
    ),
    Pair(
        name="the adapters that are published are those that have a component",
        one=lambda t: t.output("Adapters").split(","),
        other=lambda t: list(_published(t) or {}),
        breaks=lambda t: put(t.document["Outputs"]["Adapters"], "Value", "ada"),
    ),
    Pair(
        name="parameters change when the model and its adapters serve",
        one=lambda t: _depends(t, t.all(PARAMETER)),
        other=lambda t: [set(t.all(COMPONENT))] * len(t.all(PARAMETER)),
        breaks=lambda t: t.document["Resources"][min(t.all(PARAMETER))]["DependsOn"].pop(),
    ),
    Pair(
        name="a request for any of them wakes the copies that they share",
        one=lambda t: sorted(
            (alarm["Dimensions"][0]["Value"], *(action["Ref"] for action in alarm["AlarmActions"]))
            for alarm in t.all(ALARM).values()
            if alarm["MetricName"] == "NoCapacityInvocationFailures"
        ),
        other=lambda t: sorted(
            (body["InferenceComponentName"], name)
            for body in t.all(COMPONENT).values()
            for name in t.policies("StepScaling")
        ),
        breaks=lambda t: put(t.one, "InferenceComponentName", "another"),
    ),
    Pair(
        name="requests for any of them that fail take an update of the base back",
        one=lambda t: sorted(
            alarm["Dimensions"][0]["Value"]
            for name, alarm in t.all(ALARM).items()
            if {"AlarmName": {"Ref": name}} in t.base["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
        ),
        other=lambda t: sorted(body["InferenceComponentName"] for body in t.all(COMPONENT).values()),
        breaks=lambda t: t.base["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"].pop(),
    ),
    Pair(
        name="archives are fetched by SageMaker: they do not open the network to the container",
        one=lambda t: t.only(CONFIG)["EnableNetworkIsolation"],
        other=lambda t: "ModelDataSource" in t.only(MODEL)["PrimaryContainer"],
        breaks=lambda t: put(t.only(CONFIG), "EnableNetworkIsolation", False),
    ),
)
