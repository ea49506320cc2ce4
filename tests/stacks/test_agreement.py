"""What must agree inside one template, for every stage, with every engine, with weights from every source."""

import re

import pytest

from model.hardware import find_instance

ENDPOINT_CONFIG = "AWS::SageMaker::EndpointConfig"
ENDPOINT = "AWS::SageMaker::Endpoint"
COMPONENT = "AWS::SageMaker::InferenceComponent"
MODEL = "AWS::SageMaker::Model"
TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
ALARM = "AWS::CloudWatch::Alarm"
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
REPOSITORIES = {"tgi": "huggingface-pytorch-tgi-inference", "vllm": "huggingface-vllm"}
# The newest CUDA that a driver runs: image tags to machine images.
DRIVERS = {"-cu124-": "al2-ami-sagemaker-inference-gpu-3-1", "-cu130-": "al2023-ami-sagemaker-inference-gpu-4-1"}
NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")


@pytest.fixture
def component(resource):
    return resource(COMPONENT)[1]


@pytest.fixture
def variant(resource):
    (variant,) = resource(ENDPOINT_CONFIG)[1]["ProductionVariants"]
    return variant


@pytest.fixture
def told(resource, engine):
    """What the container is told, by what it means."""
    environment = resource(MODEL)[1]["PrimaryContainer"]["Environment"]
    return {meaning: environment[name] for meaning, name in VARIABLES[engine].items() if name in environment}


@pytest.fixture
def alarms(template):
    """The alarms by the metric that each is on."""
    found = [body["Properties"] for body in template["Resources"].values() if body["Type"] == ALARM]
    return {alarm["MetricName"]: alarm for alarm in found}


@pytest.fixture
def policies(template):
    found = [b["Properties"] for b in template["Resources"].values() if b["Type"].endswith("::ScalingPolicy")]
    return {policy["PolicyType"]: policy for policy in found}


def value_of(template, key):
    return template["Outputs"][key]["Value"]


def test_the_scaling_target_is_the_component(resource, component):
    _, target = resource(TARGET)
    assert target["ResourceId"] == f"inference-component/{component['InferenceComponentName']}"


def test_the_scaling_target_waits_for_the_component(template, resource):
    name, _ = resource(TARGET)
    assert resource(COMPONENT)[0] in template["Resources"][name]["DependsOn"]


def test_every_alarm_watches_the_component(alarms, component):
    assert set(alarms) == {"NoCapacityInvocationFailures", "Invocation5XXErrors"}
    for alarm in alarms.values():
        assert alarm["Namespace"] == "AWS/SageMaker"
        assert alarm["Dimensions"] == [{"Name": "InferenceComponentName", "Value": component["InferenceComponentName"]}]


def test_the_alarm_on_missing_copies_wakes_the_component(template, alarms, policies):
    alarm = alarms["NoCapacityInvocationFailures"]
    (action,) = alarm["AlarmActions"]
    assert template["Resources"][action["Ref"]]["Properties"] == policies["StepScaling"]


def test_the_alarm_fires_on_the_first_request_that_finds_no_copy(alarms):
    alarm = alarms["NoCapacityInvocationFailures"]
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Maximum", 1)
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (30, 1, 1)
    assert alarm["TreatMissingData"] == "notBreaching"


def test_both_policies_move_the_one_target(resource, policies):
    target, _ = resource(TARGET)
    assert set(policies) == {"TargetTrackingScaling", "StepScaling"}
    for policy in policies.values():
        assert policy["ScalingTargetId"] == {"Ref": target}


def test_waking_adds_one_copy_at_a_time(policies):
    step = policies["StepScaling"]["StepScalingPolicyConfiguration"]
    assert (step["AdjustmentType"], step["Cooldown"]) == ("ChangeInCapacity", 60)
    assert step["StepAdjustments"] == [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}]


def test_target_tracking_follows_concurrent_requests_per_copy(policies):
    tracking = policies["TargetTrackingScaling"]["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["PredefinedMetricSpecification"] == {
        "PredefinedMetricType": "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution"
    }


def test_scaling_aims_below_what_a_copy_accepts(told, policies):
    target = policies["TargetTrackingScaling"]["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]
    assert target <= int(told["requests"])


def test_the_variant_has_one_name_everywhere(template, component, variant):
    assert component["VariantName"] == variant["VariantName"] == value_of(template, "VariantName")


def test_the_variant_names_no_model_because_components_bring_theirs(resource, variant):
    assert "ModelName" not in variant
    assert resource(ENDPOINT_CONFIG)[1]["ExecutionRoleArn"] == resource(MODEL)[1]["ExecutionRoleArn"]


def test_the_component_runs_the_model_on_the_endpoint(resource, component):
    assert component["Specification"]["ModelName"] == {"Fn::GetAtt": [resource(MODEL)[0], "ModelName"]}
    assert component["EndpointName"] == {"Fn::GetAtt": [resource(ENDPOINT)[0], "EndpointName"]}
    config = {"Fn::GetAtt": [resource(ENDPOINT_CONFIG)[0], "EndpointConfigName"]}
    assert resource(ENDPOINT)[1]["EndpointConfigName"] == config


def test_what_must_be_replaceable_has_no_name_of_its_own(resource):
    assert "ModelName" not in resource(MODEL)[1]
    assert "EndpointConfigName" not in resource(ENDPOINT_CONFIG)[1]


def test_names_are_such_as_sagemaker_takes(resource, component):
    for name in (resource(ENDPOINT)[1]["EndpointName"], component["InferenceComponentName"]):
        assert NAME.fullmatch(name)
        assert len(name) <= 63


def test_outputs_and_parameters_have_the_same_values(template, stage):
    parameters = [b["Properties"] for b in template["Resources"].values() if b["Type"] == "AWS::SSM::Parameter"]
    assert {p["Name"]: p["Value"] for p in parameters} == {
        f"/llm-twin/{stage}/{key}": output["Value"] for key, output in template["Outputs"].items()
    }
    assert {p["Type"] for p in parameters} == {"String"}


def test_parameters_change_only_when_the_component_serves(template, resource):
    component, _ = resource(COMPONENT)
    for body in template["Resources"].values():
        if body["Type"] == "AWS::SSM::Parameter":
            assert body["DependsOn"] == [component]


def test_the_outputs_name_what_there_is(template, resource, component):
    assert value_of(template, "InferenceComponentName") == component["InferenceComponentName"]
    assert value_of(template, "InferenceComponentArn") == {"Ref": resource(COMPONENT)[0]}
    assert value_of(template, "EndpointName") == {"Fn::GetAtt": [resource(ENDPOINT)[0], "EndpointName"]}
    assert value_of(template, "EndpointArn") == {"Ref": resource(ENDPOINT)[0]}


def test_the_limits_that_are_published_are_those_of_the_container(template, told, engine):
    assert value_of(template, "MaxTotalTokens") == told["total_tokens"]
    assert int(value_of(template, "MaxInputTokens")) < int(told["total_tokens"])
    if engine == "tgi":
        assert value_of(template, "MaxInputTokens") == told["input_tokens"]


def test_the_model_that_is_published_is_the_one_that_the_container_loads(template, resource, told, s3_uri):
    if s3_uri is None:
        assert (value_of(template, "ModelId"), value_of(template, "ModelRevision")) == (told["model"], told["revision"])
    else:
        mounted = resource(MODEL)[1]["PrimaryContainer"]["ModelDataSource"]["S3DataSource"]
        assert (told["model"], mounted["S3Uri"]) == ("/opt/ml/model", s3_uri)


def test_the_engine_that_is_published_is_the_one_whose_image_runs_and_whose_variables_are_set(
    template, resource, engine
):
    container = resource(MODEL)[1]["PrimaryContainer"]
    assert value_of(template, "Engine") == engine
    assert container["Image"].partition("/")[2].partition(":")[0] == REPOSITORIES[engine]
    others = {name for other, names in VARIABLES.items() if other != engine for name in names.values()}
    assert not others & container["Environment"].keys()


def test_an_environment_is_one_that_an_inference_component_takes(resource):
    environment = resource(MODEL)[1]["PrimaryContainer"]["Environment"]
    assert len(environment) <= 16
    assert all(len(value) <= 1024 for value in environment.values())


def test_the_gpus_of_a_copy_are_those_that_the_engine_spreads_over(told, component):
    requirements = component["Specification"]["ComputeResourceRequirements"]
    assert str(requirements["NumberOfAcceleratorDevicesRequired"]) == told["gpus"]


def test_the_most_copies_have_room_on_the_most_instances_and_the_fewest_on_the_fewest(resource, component, variant):
    _, target = resource(TARGET)
    gpus = component["Specification"]["ComputeResourceRequirements"]["NumberOfAcceleratorDevicesRequired"]
    per_instance = find_instance(variant["InstanceType"]).gpus
    scaling = variant["ManagedInstanceScaling"]
    assert scaling["Status"] == "ENABLED"
    assert target["MaxCapacity"] * gpus <= scaling["MaxInstanceCount"] * per_instance
    assert target["MinCapacity"] * gpus <= scaling["MinInstanceCount"] * per_instance


def test_a_deployment_starts_with_a_copy_and_an_instance_within_its_bounds(resource, component, variant):
    _, target = resource(TARGET)
    assert max(1, target["MinCapacity"]) == component["RuntimeConfig"]["CopyCount"] <= target["MaxCapacity"]
    scaling = variant["ManagedInstanceScaling"]
    instances = variant["InitialInstanceCount"]
    assert max(1, scaling["MinInstanceCount"]) == instances <= scaling["MaxInstanceCount"]


def test_an_endpoint_that_sleeps_can_give_back_every_instance(resource, variant):
    _, target = resource(TARGET)
    assert (target["MinCapacity"] == 0) == (variant["ManagedInstanceScaling"]["MinInstanceCount"] == 0)


def test_the_driver_is_new_enough_for_the_image(resource, variant):
    image = resource(MODEL)[1]["PrimaryContainer"]["Image"]
    (driver,) = (driver for cuda, driver in DRIVERS.items() if cuda in image)
    assert variant["InferenceAmiVersion"] == driver


def test_only_weights_from_the_hub_leave_the_container_a_network(resource, s3_uri):
    assert resource(ENDPOINT_CONFIG)[1]["EnableNetworkIsolation"] is (s3_uri is not None)


def test_requests_go_to_the_copy_with_the_fewest(variant):
    assert variant["RoutingConfig"] == {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"}


def test_an_update_replaces_one_copy_after_the_other_there_and_back(component):
    rolling = component["DeploymentConfig"]["RollingUpdatePolicy"]
    one = {"Type": "COPY_COUNT", "Value": 1}
    assert (rolling["MaximumBatchSize"], rolling["RollbackMaximumBatchSize"]) == (one, one)


def test_an_update_has_time_for_every_copy(resource, component):
    rolling = component["DeploymentConfig"]["RollingUpdatePolicy"]
    a_copy_s = sum(component["Specification"]["StartupParameters"].values()) + rolling["WaitIntervalInSeconds"]
    assert rolling["MaximumExecutionTimeoutInSeconds"] >= resource(TARGET)[1]["MaxCapacity"] * a_copy_s


def test_an_update_is_taken_back_by_the_alarm_on_failed_requests(template, component, alarms):
    (watched,) = component["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    assert template["Resources"][watched["AlarmName"]["Ref"]]["Properties"] == alarms["Invocation5XXErrors"]


def test_an_endpoint_keeps_its_instances_when_its_configuration_changes(resource):
    assert resource(ENDPOINT)[1]["RetainAllVariantProperties"] is True


def test_everything_that_can_be_tagged_says_project_and_stage(template, stage):
    wanted = {"project": "llm-twin", "stage": stage}
    untaggable = {"AWS::ApplicationAutoScaling::ScalingPolicy", "AWS::IAM::ManagedPolicy"}
    for name, body in template["Resources"].items():
        if body["Type"] not in untaggable:
            tags = body["Properties"]["Tags"]
            assert (tags if isinstance(tags, dict) else {t["Key"]: t["Value"] for t in tags}) == wanted, name
