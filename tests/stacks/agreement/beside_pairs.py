"""What must agree where several models share an endpoint."""

import operator
from typing import Any

from model.hardware import find_instance
from tests.stacks.agreement.deployment import Properties, Template, as_list
from tests.stacks.agreement.endpoint_pairs import (
    ALARM,
    COMPONENT,
    CONFIG,
    ELSEWHERE,
    ENDPOINT,
    MODEL,
    PARAMETER,
    TARGET,
)
from tests.stacks.agreement.pair import Pair, put


class SharedTemplate(Template):
    """The endpoint's template of a deployment of several models."""

    @property
    def names(self) -> dict[str, str]:
        """The names of the components by their logical ids."""
        return {logical_id: body["InferenceComponentName"] for logical_id, body in self.all(COMPONENT).items()}

    @property
    def beside(self) -> Properties:
        """The first of the further components, to be broken."""
        return next(body for body in self.all(COMPONENT).values() if "-beside-" in body["InferenceComponentName"])

    @property
    def variant(self) -> Properties:
        (variant,) = self.only(CONFIG)["ProductionVariants"]
        return variant

    def target(self, component: Properties) -> Properties:
        (target,) = (
            one for one in self.all(TARGET).values() if one["ResourceId"].endswith(component["InferenceComponentName"])
        )
        return target

    def alarms(self, metric: str) -> dict[str, Properties]:
        return {name: body for name, body in self.all(ALARM).items() if body["MetricName"] == metric}

    def allowed(self, action: str) -> set[str]:
        """The logical ids of what callers are allowed to do it to."""
        document = self.only("AWS::IAM::ManagedPolicy")["PolicyDocument"]
        found = [one for one in document["Statement"] if action in as_list(one["Action"])]
        return {resource["Ref"] for one in found for resource in as_list(one["Resource"])}

    def reserved_gpus(self, bound: str) -> int:
        """The GPUs of the most or of the fewest copies of all models."""
        return sum(
            self.target(one)[bound]
            * one["Specification"]["ComputeResourceRequirements"]["NumberOfAcceleratorDevicesRequired"]
            for one in self.all(COMPONENT).values()
        )

    def gpus(self, bound: str) -> int:
        scaling = self.variant["ManagedInstanceScaling"]
        return scaling[bound] * find_instance(self.variant["InstanceType"]).gpus


def _watched(template: SharedTemplate, metric: str) -> list[str]:
    return sorted(alarm["Dimensions"][0]["Value"] for alarm in template.alarms(metric).values())


def _woken(template: SharedTemplate) -> set[tuple[str, str]]:
    """Which component's alarm raises the copies of which component."""
    return {
        (alarm["Dimensions"][0]["Value"], template.all(TARGET)[policy["ScalingTargetId"]["Ref"]]["ResourceId"])
        for alarm in template.alarms("NoCapacityInvocationFailures").values()
        for name, policy in template.policies("StepScaling").items()
        if {"Ref": name} in alarm["AlarmActions"]
    }


def _taken_back(template: SharedTemplate) -> set[tuple[str, str]]:
    """The failed requests of which component take back an update of which."""
    alarms = template.alarms("Invocation5XXErrors")
    return {
        (alarms[one["AlarmName"]["Ref"]]["Dimensions"][0]["Value"], body["InferenceComponentName"])
        for body in template.all(COMPONENT).values()
        for one in body["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    }


def _of_each(template: SharedTemplate) -> set[tuple[str, str]]:
    return {(name, name) for name in template.names.values()}


def _rename(template: SharedTemplate) -> Any:
    return put(template.beside, "InferenceComponentName", "twin-beside-another")


PAIRS = (
    Pair(
        name="every model has a component, and every component a model",
        one=lambda t: sorted(body["Specification"]["ModelName"]["Fn::GetAtt"][0] for body in t.all(COMPONENT).values()),
        other=lambda t: sorted(t.all(MODEL)),
        breaks=lambda t: put(t.beside["Specification"], "ModelName", t.attribute(ENDPOINT, "ModelName")),
    ),
    Pair(
        name="every component is on the endpoint and its variant",
        one=lambda t: [(body["EndpointName"], body["VariantName"]) for body in t.all(COMPONENT).values()],
        other=lambda t: [(t.attribute(ENDPOINT, "EndpointName"), t.variant["VariantName"])] * len(t.names),
        breaks=lambda t: put(t.beside, "EndpointName", ELSEWHERE),
    ),
    Pair(
        name="every component is scaled by itself",
        one=lambda t: sorted(target["ResourceId"] for target in t.all(TARGET).values()),
        other=lambda t: sorted(f"inference-component/{name}" for name in t.names.values()),
        breaks=_rename,
    ),
    Pair(
        name="every target has its own policies",
        one=lambda t: sorted(
            policy["ScalingTargetId"]["Ref"]
            for kind in ("TargetTrackingScaling", "StepScaling")
            for policy in t.policies(kind).values()
        ),
        other=lambda t: sorted([*t.all(TARGET)] * 2),
        breaks=lambda t: put(*list(t.policies("StepScaling").values())[:1], "ScalingTargetId", ELSEWHERE),
    ),
    Pair(
        name="a request wakes the component that it was for",
        one=_woken,
        other=lambda t: {(name, f"inference-component/{name}") for name in t.names.values()},
        breaks=lambda t: put(*list(t.alarms("NoCapacityInvocationFailures").values())[:1], "AlarmActions", [ELSEWHERE]),
    ),
    Pair(
        name="an update is taken back by the failed requests of its own component",
        one=_taken_back,
        other=_of_each,
        breaks=_rename,
    ),
    Pair(
        name="every component is watched while it is updated",
        one=lambda t: _watched(t, "Invocation5XXErrors"),
        other=lambda t: sorted(t.names.values()),
        breaks=_rename,
    ),
    Pair(
        name="callers may invoke the endpoint and all of its components, and nothing else",
        one=lambda t: [
            t.allowed(f"sagemaker:{action}") for action in ("InvokeEndpoint", "InvokeEndpointWithResponseStream")
        ],
        other=lambda t: [{*t.names, *t.all(ENDPOINT)}] * 2,
        breaks=lambda t: t.document["Resources"].pop(t.name(ENDPOINT)),
    ),
    Pair(
        name="callers may look at all components",
        one=lambda t: t.allowed("sagemaker:DescribeInferenceComponent"),
        other=lambda t: {*t.names, *t.all(ENDPOINT)},
        breaks=lambda t: t.document["Resources"].pop(min(t.names)),
    ),
    Pair(
        name="the components that are published are those that there are",
        one=lambda t: {
            t.output("InferenceComponentName"),
            *(part.partition("=")[2] for part in t.output("BesideComponents").split(",")),
        },
        other=lambda t: set(t.names.values()),
        breaks=_rename,
    ),
    Pair(
        name="parameters change when all models serve",
        one=lambda t: [set(as_list(t.document["Resources"][name]["DependsOn"])) for name in t.all(PARAMETER)],
        other=lambda t: [set(t.names)] * len(t.all(PARAMETER)),
        breaks=lambda t: t.document["Resources"][min(t.all(PARAMETER))]["DependsOn"].pop(),
    ),
    Pair(
        name="the most copies of all models have room on the most instances",
        one=lambda t: t.reserved_gpus("MaxCapacity"),
        other=lambda t: t.gpus("MaxInstanceCount"),
        relation=operator.le,
        breaks=lambda t: put(t.target(t.beside), "MaxCapacity", 64),
    ),
    Pair(
        name="the fewest copies of all models have room on the fewest instances",
        one=lambda t: t.reserved_gpus("MinCapacity"),
        other=lambda t: t.gpus("MinInstanceCount"),
        relation=operator.le,
        breaks=lambda t: put(t.target(t.beside), "MinCapacity", 64),
    ),
    Pair(
        name="all models run with the one role",
        one=lambda t: [body["ExecutionRoleArn"] for body in t.all(MODEL).values()],
        other=lambda t: [t.attribute("AWS::IAM::Role", "Arn")] * len(t.all(MODEL)),
        breaks=lambda t: put(t.all(MODEL)[min(t.all(MODEL))], "ExecutionRoleArn", ELSEWHERE),
    ),
    Pair(
        name="the role reads the weights of every model",
        one=lambda t: {
            uri
            for policy in t.only("AWS::IAM::Role")["Policies"]
            for one in policy["PolicyDocument"]["Statement"]
            if "s3:GetObject" in as_list(one["Action"])
            for uri in as_list(one["Resource"])
        },
        other=lambda t: {
            body["PrimaryContainer"]["ModelDataSource"]["S3DataSource"]["S3Uri"].replace("s3://", "arn:aws:s3:::") + "*"
            for body in t.all(MODEL).values()
        },
        breaks=lambda t: put(
            t.all(MODEL)[min(t.all(MODEL))]["PrimaryContainer"]["ModelDataSource"]["S3DataSource"], "S3Uri", "s3://x/y/"
        ),
    ),
)
