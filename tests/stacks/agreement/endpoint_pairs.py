"""What must agree within the endpoint's template."""

import operator
import re
from typing import Any

from model.hardware import find_instance
from tests.stacks.agreement.deployment import VARIABLES, Deployment, as_list
from tests.stacks.agreement.pair import Pair, put

CONFIG = "AWS::SageMaker::EndpointConfig"
ENDPOINT = "AWS::SageMaker::Endpoint"
COMPONENT = "AWS::SageMaker::InferenceComponent"
MODEL = "AWS::SageMaker::Model"
TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
PARAMETER = "AWS::SSM::Parameter"
ALARM = "AWS::CloudWatch::Alarm"
REPOSITORIES = {"tgi": "huggingface-pytorch-tgi-inference", "vllm": "huggingface-vllm"}
# The newest CUDA that a driver runs: image tags to machine images.
DRIVERS = {"-cu124-": "al2-ami-sagemaker-inference-gpu-3-1", "-cu130-": "al2023-ami-sagemaker-inference-gpu-4-1"}
ELSEWHERE = {"Ref": "Another"}


def _policies_by_target(d: Deployment) -> set[str]:
    kinds = ("TargetTrackingScaling", "StepScaling")
    return {policy["ScalingTargetId"]["Ref"] for kind in kinds for policy in d.endpoint.policies(kind).values()}


def _gpus_per_copy(d: Deployment) -> int:
    return d.component["Specification"]["ComputeResourceRequirements"]["NumberOfAcceleratorDevicesRequired"]


def _room(d: Deployment, bound: str) -> int:
    """How many GPUs the most or the fewest instances have."""
    return d.variant["ManagedInstanceScaling"][bound] * find_instance(d.variant["InstanceType"]).gpus


def _repository(d: Deployment) -> str:
    return d.container["Image"].partition("/")[2].partition(":")[0]


def _is_from_s3(d: Deployment) -> bool:
    return "ModelDataSource" in d.container


def _weights(d: Deployment) -> dict[str, str]:
    return d.container["ModelDataSource"]["S3DataSource"]


def _driver(d: Deployment) -> str:
    (driver,) = (driver for cuda, driver in DRIVERS.items() if cuda in d.container["Image"])
    return driver


def _variables_of_other_engines(d: Deployment) -> set[str]:
    others = {name for engine, names in VARIABLES.items() if engine != d.engine for name in names.values()}
    return others & d.container["Environment"].keys()


def _time_for_all_copies_s(d: Deployment) -> int:
    rolling = d.component["DeploymentConfig"]["RollingUpdatePolicy"]
    a_copy_s = sum(d.component["Specification"]["StartupParameters"].values()) + rolling["WaitIntervalInSeconds"]
    return d.target["MaxCapacity"] * a_copy_s


def _callers(d: Deployment) -> dict[str, Any]:
    """Action to resources."""
    statements = d.endpoint.only("AWS::IAM::ManagedPolicy")["PolicyDocument"]["Statement"]
    return {
        action: sorted(as_list(statement["Resource"]), key=str)
        for statement in statements
        for action in as_list(statement["Action"])
    }


def _published(d: Deployment) -> dict[str, Any]:
    """The parameters under the last part of their names."""
    return {name.rpartition("/")[2]: value for name, value in d.endpoint.parameters.items()}


def _rename_component(d: Deployment) -> None:
    d.component["InferenceComponentName"] = "another"


def _dimension(d: Deployment, metric: str) -> list[dict[str, str]]:
    return d.endpoint.alarm(metric)["Dimensions"]


def _component_dimension(d: Deployment) -> list[dict[str, str]]:
    return [{"Name": "InferenceComponentName", "Value": d.component["InferenceComponentName"]}]


PAIRS = (
    Pair(
        name="the scaling target is the component",
        one=lambda d: d.target["ResourceId"],
        other=lambda d: f"inference-component/{d.component['InferenceComponentName']}",
        breaks=_rename_component,
    ),
    Pair(
        name="the scaling target waits for the component",
        one=lambda d: d.endpoint.body(TARGET)["DependsOn"],
        other=lambda d: d.endpoint.name(COMPONENT),
        relation=operator.contains,
        breaks=lambda d: put(d.endpoint.body(TARGET), "DependsOn", []),
    ),
    Pair(
        name="the alarm that wakes watches the component",
        one=lambda d: _dimension(d, "NoCapacityInvocationFailures"),
        other=_component_dimension,
        breaks=lambda d: put(_dimension(d, "NoCapacityInvocationFailures")[0], "Value", "another"),
    ),
    Pair(
        name="the alarm that takes an update back watches the component",
        one=lambda d: _dimension(d, "Invocation5XXErrors"),
        other=_component_dimension,
        breaks=lambda d: put(_dimension(d, "Invocation5XXErrors")[0], "Name", "EndpointName"),
    ),
    Pair(
        name="the alarm that wakes runs the policy that adds a copy",
        one=lambda d: d.endpoint.alarm("NoCapacityInvocationFailures")["AlarmActions"],
        other=lambda d: [{"Ref": name} for name in d.endpoint.policies("StepScaling")],
        breaks=lambda d: put(d.endpoint.alarm("NoCapacityInvocationFailures"), "AlarmActions", [ELSEWHERE]),
    ),
    Pair(
        name="both policies move the one target",
        one=_policies_by_target,
        other=lambda d: {d.endpoint.name(TARGET)},
        breaks=lambda d: put(*d.endpoint.policies("StepScaling").values(), "ScalingTargetId", ELSEWHERE),
    ),
    Pair(
        name="scaling aims below what a copy admits",
        one=lambda d: d.tracking["TargetValue"],
        other=lambda d: int(d.told("requests") or 0),
        relation=operator.le,
        breaks=lambda d: d.tell("requests", "2"),
    ),
    Pair(
        name="the component is on the variant that there is",
        one=lambda d: d.component["VariantName"],
        other=lambda d: d.variant["VariantName"],
        breaks=lambda d: put(d.variant, "VariantName", "Another"),
    ),
    Pair(
        name="the variant that is published is the one that there is",
        one=lambda d: d.endpoint.output("VariantName"),
        other=lambda d: d.variant["VariantName"],
        breaks=lambda d: put(d.variant, "VariantName", "Another"),
    ),
    Pair(
        name="the component runs the model",
        one=lambda d: d.component["Specification"]["ModelName"],
        other=lambda d: d.endpoint.attribute(MODEL, "ModelName"),
        breaks=lambda d: put(d.component["Specification"], "ModelName", ELSEWHERE),
    ),
    Pair(
        name="the component is on the endpoint",
        one=lambda d: d.component["EndpointName"],
        other=lambda d: d.endpoint.attribute(ENDPOINT, "EndpointName"),
        breaks=lambda d: put(d.component, "EndpointName", ELSEWHERE),
    ),
    Pair(
        name="the endpoint has the configuration",
        one=lambda d: d.endpoint.only(ENDPOINT)["EndpointConfigName"],
        other=lambda d: d.endpoint.attribute(CONFIG, "EndpointConfigName"),
        breaks=lambda d: put(d.endpoint.only(ENDPOINT), "EndpointConfigName", ELSEWHERE),
    ),
    Pair(
        name="configuration and model run with the one role",
        one=lambda d: d.endpoint.only(CONFIG)["ExecutionRoleArn"],
        other=lambda d: d.endpoint.only(MODEL)["ExecutionRoleArn"],
        breaks=lambda d: put(d.endpoint.only(MODEL), "ExecutionRoleArn", ELSEWHERE),
    ),
    Pair(
        name="an update is taken back by the alarm on failed requests",
        one=lambda d: d.component["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"],
        other=lambda d: [
            {"AlarmName": {"Ref": name}}
            for name, alarm in d.endpoint.all("AWS::CloudWatch::Alarm").items()
            if alarm["MetricName"] == "Invocation5XXErrors"
        ],
        breaks=lambda d: put(
            d.component["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"][0], "AlarmName", ELSEWHERE
        ),
    ),
    Pair(
        name="an update has time for every copy",
        one=lambda d: d.component["DeploymentConfig"]["RollingUpdatePolicy"]["MaximumExecutionTimeoutInSeconds"],
        other=_time_for_all_copies_s,
        relation=operator.ge,
        breaks=lambda d: put(
            d.component["Specification"]["StartupParameters"], "ModelDataDownloadTimeoutInSeconds", 14400
        ),
    ),
    Pair(
        name="a copy has the GPUs that the engine spreads over",
        one=lambda d: str(_gpus_per_copy(d)),
        other=lambda d: d.told("gpus"),
        breaks=lambda d: d.tell("gpus", "8"),
    ),
    Pair(
        name="the most copies have room on the most instances",
        one=lambda d: d.target["MaxCapacity"] * _gpus_per_copy(d),
        other=lambda d: _room(d, "MaxInstanceCount"),
        relation=operator.le,
        breaks=lambda d: put(d.target, "MaxCapacity", 64),
    ),
    Pair(
        name="the fewest copies have room on the fewest instances",
        one=lambda d: d.target["MinCapacity"] * _gpus_per_copy(d),
        other=lambda d: _room(d, "MinInstanceCount"),
        relation=operator.le,
        breaks=lambda d: put(d.target, "MinCapacity", 3),
    ),
    Pair(
        name="a deployment starts with the fewest copies, or with one",
        one=lambda d: d.component["RuntimeConfig"]["CopyCount"],
        other=lambda d: max(1, d.target["MinCapacity"]),
        breaks=lambda d: put(d.component["RuntimeConfig"], "CopyCount", 9),
    ),
    Pair(
        name="a deployment starts with the fewest instances, or with one",
        one=lambda d: d.variant["InitialInstanceCount"],
        other=lambda d: max(1, d.variant["ManagedInstanceScaling"]["MinInstanceCount"]),
        breaks=lambda d: put(d.variant, "InitialInstanceCount", 9),
    ),
    Pair(
        name="an endpoint that sleeps can give back every instance, and only such a one",
        one=lambda d: d.target["MinCapacity"] == 0,
        other=lambda d: d.variant["ManagedInstanceScaling"]["MinInstanceCount"] == 0,
        breaks=lambda d: put(d.target, "MinCapacity", 1 - min(1, d.target["MinCapacity"])),
    ),
    Pair(
        name="the driver is new enough for the image",
        one=lambda d: d.variant["InferenceAmiVersion"],
        other=_driver,
        breaks=lambda d: put(d.variant, "InferenceAmiVersion", "al2-ami-sagemaker-inference-gpu-2"),
    ),
    Pair(
        name="the container is cut off from the network where its weights are in S3, and only there",
        one=lambda d: d.endpoint.only(CONFIG)["EnableNetworkIsolation"],
        other=_is_from_s3,
        breaks=lambda d: put(d.endpoint.only(CONFIG), "EnableNetworkIsolation", not _is_from_s3(d)),
    ),
    Pair(
        name="parameters have the values of the outputs",
        one=_published,
        other=lambda d: d.endpoint.outputs,
        breaks=lambda d: put(d.endpoint.document["Outputs"]["MaxTotalTokens"], "Value", "1"),
    ),
    Pair(
        name="parameters change when the component serves",
        one=lambda d: [d.endpoint.document["Resources"][name]["DependsOn"] for name in d.endpoint.all(PARAMETER)],
        other=lambda d: [[d.endpoint.name(COMPONENT)] for _ in d.endpoint.all(PARAMETER)],
        breaks=lambda d: put(d.endpoint.document["Resources"][min(d.endpoint.all(PARAMETER))], "DependsOn", []),
    ),
    Pair(
        name="the component that is published is the one that there is",
        one=lambda d: (d.endpoint.output("InferenceComponentName"), d.endpoint.output("InferenceComponentArn")),
        other=lambda d: (d.component["InferenceComponentName"], d.endpoint.ref(COMPONENT)),
        breaks=_rename_component,
    ),
    Pair(
        name="the endpoint that is published is the one that there is",
        one=lambda d: (d.endpoint.output("EndpointName"), d.endpoint.output("EndpointArn")),
        other=lambda d: (d.endpoint.attribute(ENDPOINT, "EndpointName"), d.endpoint.ref(ENDPOINT)),
        breaks=lambda d: put(d.endpoint.document["Outputs"]["EndpointArn"], "Value", ELSEWHERE),
    ),
    Pair(
        name="the longest request that is published is the container's",
        one=lambda d: d.endpoint.output("MaxTotalTokens"),
        other=lambda d: d.told("total_tokens"),
        breaks=lambda d: d.tell("total_tokens", "1"),
    ),
    Pair(
        name="the longest prompt that is published is the container's",
        one=lambda d: d.endpoint.output("MaxInputTokens"),
        other=lambda d: d.told("input_tokens"),
        applies=lambda d: d.told("input_tokens") is not None,
        breaks=lambda d: d.tell("input_tokens", "1"),
    ),
    Pair(
        name="the longest prompt leaves room for an answer",
        one=lambda d: int(d.endpoint.output("MaxInputTokens")),
        other=lambda d: int(d.told("total_tokens") or 0),
        relation=operator.lt,
        breaks=lambda d: d.tell("total_tokens", d.endpoint.output("MaxInputTokens")),
    ),
    Pair(
        name="the model that is published is the one that the container fetches",
        one=lambda d: (d.endpoint.output("ModelId"), d.endpoint.output("ModelRevision")),
        other=lambda d: (d.told("model"), d.told("revision")),
        applies=lambda d: not _is_from_s3(d),
        breaks=lambda d: d.tell("revision", "main"),
    ),
    Pair(
        name="weights from S3 are loaded from where SageMaker puts them",
        one=lambda d: d.told("model"),
        other=lambda d: "/opt/ml/model",
        applies=_is_from_s3,
        breaks=lambda d: d.tell("model", "me/mine"),
    ),
    Pair(
        name="the engine that is published is the one whose image runs",
        one=lambda d: REPOSITORIES[d.endpoint.output("Engine")],
        other=_repository,
        breaks=lambda d: put(d.container, "Image", d.container["Image"].replace("huggingface", "another")),
    ),
    Pair(
        name="an engine is told by its own variables only",
        one=_variables_of_other_engines,
        other=lambda d: set(),
        breaks=lambda d: put(
            d.container["Environment"], VARIABLES["vllm" if d.engine == "tgi" else "tgi"]["gpus"], "1"
        ),
    ),
    Pair(
        name="callers may invoke this endpoint and this component",
        one=_callers,
        other=lambda d: {
            "sagemaker:InvokeEndpoint": [d.endpoint.ref(COMPONENT), d.endpoint.ref(ENDPOINT)],
            "sagemaker:InvokeEndpointWithResponseStream": [d.endpoint.ref(COMPONENT), d.endpoint.ref(ENDPOINT)],
            "sagemaker:DescribeEndpoint": [d.endpoint.ref(ENDPOINT)],
            "sagemaker:DescribeInferenceComponent": [d.endpoint.ref(COMPONENT), d.endpoint.ref(ENDPOINT)],
        },
        breaks=lambda d: d.endpoint.only("AWS::IAM::ManagedPolicy")["PolicyDocument"]["Statement"][0]["Action"].pop(),
    ),
    Pair(
        name="callers are let over to a new endpoint when its address is published",
        one=lambda d: set(d.endpoint.body("AWS::IAM::ManagedPolicy")["DependsOn"]),
        other=lambda d: set(d.endpoint.all(PARAMETER)),
        breaks=lambda d: d.endpoint.body("AWS::IAM::ManagedPolicy")["DependsOn"].pop(),
    ),
    Pair(
        name="the role pulls the image that runs",
        one=lambda d: re.sub(
            r"arn:[^:]+:ecr:([^:]+):(\d+):repository/",
            r"\2.\1/",
            d.statement("ecr:BatchGetImage", of=d.endpoint)["Resource"],
        ),
        other=lambda d: re.sub(r"\.dkr\.ecr\.([^.]+)\.[^/]+/", r".\1/", d.container["Image"].partition(":")[0]),
        breaks=lambda d: put(d.container, "Image", d.container["Image"].replace("us-east-1", "eu-west-1")),
    ),
    Pair(
        name="the role reads the weights that are loaded",
        one=lambda d: d.statement("s3:GetObject", of=d.endpoint)["Resource"],
        other=lambda d: _weights(d)["S3Uri"].replace("s3://", "arn:aws:s3:::") + "*",
        applies=_is_from_s3,
        breaks=lambda d: put(_weights(d), "S3Uri", "s3://weights-bucket/another/"),
    ),
)
