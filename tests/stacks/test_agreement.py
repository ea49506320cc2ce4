"""What must agree inside and between the templates, for every stage, with every engine, with weights from every source.

The pairs are a table (agreement/). Here each is looked at in every deployment, and broken once to see that it is told.
"""

import re

import pytest

from tests.stacks.agreement.pair import find_disagreements
from tests.stacks.agreement.pairs import PAIRS

ENDPOINT_CONFIG = "AWS::SageMaker::EndpointConfig"
ENDPOINT = "AWS::SageMaker::Endpoint"
COMPONENT = "AWS::SageMaker::InferenceComponent"
MODEL = "AWS::SageMaker::Model"
NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")


def test_all_pairs_agree(find_deployment, stage, engine, source):
    assert find_disagreements(find_deployment(stage, engine, source), PAIRS) == []


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_pair_that_is_broken_is_reported(find_deployment, pair):
    prods = [find_deployment("prod", "tgi", source) for source in ("hub", "s3")]
    broken = next(prod for prod in prods if pair.applies(prod)).copy()
    pair.breaks(broken)
    assert pair.name in find_disagreements(broken, [pair])


def test_every_pair_has_a_name_of_its_own():
    names = [pair.name for pair in PAIRS]
    assert len(names) == len(set(names))


@pytest.fixture
def component(resource):
    return resource(COMPONENT)[1]


@pytest.fixture
def alarms(template):
    """The alarms by the metric that each is on."""
    found = [b["Properties"] for b in template["Resources"].values() if b["Type"] == "AWS::CloudWatch::Alarm"]
    return {alarm["MetricName"]: alarm for alarm in found}


@pytest.fixture
def policies(template):
    found = [b["Properties"] for b in template["Resources"].values() if b["Type"].endswith("::ScalingPolicy")]
    return {policy["PolicyType"]: policy for policy in found}


def test_there_are_two_alarms_both_on_sagemaker_s_metrics(alarms):
    assert set(alarms) == {"NoCapacityInvocationFailures", "Invocation5XXErrors"}
    assert {alarm["Namespace"] for alarm in alarms.values()} == {"AWS/SageMaker"}


def test_the_alarm_fires_on_the_first_request_that_finds_no_copy(alarms):
    alarm = alarms["NoCapacityInvocationFailures"]
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Maximum", 1)
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (30, 1, 1)
    assert alarm["TreatMissingData"] == "notBreaching"


def test_there_are_two_policies_one_to_follow_and_one_to_wake(policies):
    assert set(policies) == {"TargetTrackingScaling", "StepScaling"}


def test_waking_adds_one_copy_at_a_time(policies):
    step = policies["StepScaling"]["StepScalingPolicyConfiguration"]
    assert (step["AdjustmentType"], step["Cooldown"]) == ("ChangeInCapacity", 60)
    assert step["StepAdjustments"] == [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}]


def test_target_tracking_follows_concurrent_requests_per_copy(policies):
    tracking = policies["TargetTrackingScaling"]["TargetTrackingScalingPolicyConfiguration"]
    assert tracking["PredefinedMetricSpecification"] == {
        "PredefinedMetricType": "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution"
    }


def test_the_variant_names_no_model_because_components_bring_theirs(resource):
    (variant,) = resource(ENDPOINT_CONFIG)[1]["ProductionVariants"]
    assert "ModelName" not in variant


def test_instances_are_managed_and_requests_go_to_the_copy_with_the_fewest(resource):
    (variant,) = resource(ENDPOINT_CONFIG)[1]["ProductionVariants"]
    assert variant["ManagedInstanceScaling"]["Status"] == "ENABLED"
    assert variant["RoutingConfig"] == {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"}


def test_what_must_be_replaceable_has_no_name_of_its_own(resource):
    assert "ModelName" not in resource(MODEL)[1]
    assert "EndpointConfigName" not in resource(ENDPOINT_CONFIG)[1]


def test_names_are_such_as_sagemaker_takes(resource, component):
    for name in (resource(ENDPOINT)[1]["EndpointName"], component["InferenceComponentName"]):
        assert NAME.fullmatch(name)
        assert len(name) <= 63


def test_parameters_are_texts_below_the_stage_s_path(template, stage):
    parameters = [b["Properties"] for b in template["Resources"].values() if b["Type"] == "AWS::SSM::Parameter"]
    assert {p["Name"].rpartition("/")[0] for p in parameters} == {f"/llm-twin/{stage}"}
    assert {p["Type"] for p in parameters} == {"String"}


def test_weights_are_read_from_where_they_were_said_to_be(resource, s3_uri):
    source = resource(MODEL)[1]["PrimaryContainer"].get("ModelDataSource")
    assert (source and source["S3DataSource"]["S3Uri"]) == s3_uri


def test_the_engine_is_the_one_that_was_asked_for(template, engine):
    assert template["Outputs"]["Engine"]["Value"] == engine


def test_an_environment_is_one_that_an_inference_component_takes(resource):
    environment = resource(MODEL)[1]["PrimaryContainer"]["Environment"]
    assert len(environment) <= 16
    assert all(len(value) <= 1024 for value in environment.values())


def test_an_update_replaces_one_copy_after_the_other_there_and_back(component):
    rolling = component["DeploymentConfig"]["RollingUpdatePolicy"]
    one = {"Type": "COPY_COUNT", "Value": 1}
    assert (rolling["MaximumBatchSize"], rolling["RollbackMaximumBatchSize"]) == (one, one)


def test_an_endpoint_keeps_its_instances_when_its_configuration_changes(resource):
    assert resource(ENDPOINT)[1]["RetainAllVariantProperties"] is True


def test_everything_that_can_be_tagged_says_project_and_stage(template, stage):
    wanted = {"project": "llm-twin", "stage": stage}
    untaggable = {"AWS::ApplicationAutoScaling::ScalingPolicy", "AWS::IAM::ManagedPolicy"}
    for name, body in template["Resources"].items():
        if body["Type"] not in untaggable:
            tags = body["Properties"]["Tags"]
            assert (tags if isinstance(tags, dict) else {t["Key"]: t["Value"] for t in tags}) == wanted, name
