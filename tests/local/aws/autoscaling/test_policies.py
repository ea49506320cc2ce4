from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.aws.autoscaling.dimension import TargetKey
from local.aws.wire.place import Place
from tests.local.aws.sagemaker.rig import ACCOUNT

TARGET: dict[str, Any] = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "inference-component/twin",
    "ScalableDimension": "sagemaker:inference-component:DesiredCopyCount",
}
CONCURRENCY = "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution"
STEPS = {"AdjustmentType": "ChangeInCapacity", "Cooldown": 60, "StepAdjustments": [
    {"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}]}  # fmt: skip


@pytest.fixture
def target(scaling: Any) -> Any:
    scaling.register_scalable_target(**TARGET, MinCapacity=0, MaxCapacity=3)
    return scaling


def track(scaling: Any, *, metric: str = CONCURRENCY, value: float = 5, **configuration: Any) -> dict[str, Any]:
    given = {"TargetValue": value, "PredefinedMetricSpecification": {"PredefinedMetricType": metric}, **configuration}
    answer: dict[str, Any] = scaling.put_scaling_policy(
        **TARGET,
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={key: part for key, part in given.items() if part is not None},
    )
    return answer


def policies(scaling: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    return found


def alarms(rig: Any) -> dict[str, dict[str, Any]]:
    found = rig.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return {"High" if "AlarmHigh" in alarm["AlarmName"] else "Low": alarm for alarm in found}


def test_a_tracking_policy_has_two_alarms_and_takes_them_with_it(rig: Any, target: Any) -> None:
    put = track(target, ScaleInCooldown=300, ScaleOutCooldown=60)
    (found,) = policies(target)
    assert found["PolicyARN"] == put["PolicyARN"]
    assert put["PolicyARN"].startswith(f"arn:aws:autoscaling:us-east-1:{ACCOUNT}:scalingPolicy:")
    assert put["PolicyARN"].endswith(":resource/sagemaker/inference-component/twin:policyName/track")
    assert found["TargetTrackingScalingPolicyConfiguration"] == {
        "TargetValue": 5.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": CONCURRENCY},
        "ScaleInCooldown": 300,
        "ScaleOutCooldown": 60,
    }
    there = alarms(rig)
    assert found["Alarms"] == put["Alarms"]
    assert {alarm["AlarmName"] for alarm in put["Alarms"]} == {alarm["AlarmName"] for alarm in there.values()}
    target.delete_scaling_policy(**TARGET, PolicyName="track")
    assert policies(target) == []
    assert alarms(rig) == {}


def test_alarms_watch_what_the_policy_follows(rig: Any, target: Any) -> None:
    arn = track(target)["PolicyARN"]
    high, low = alarms(rig)["High"], alarms(rig)["Low"]
    for alarm in (high, low):
        assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SageMaker", "ConcurrentRequestsPerCopy")
        assert alarm["Dimensions"] == [{"Name": "InferenceComponentName", "Value": "twin"}]
        assert alarm["Period"] == 10
        assert alarm["AlarmActions"] == [arn]
        assert alarm["StateValue"] == "INSUFFICIENT_DATA"
        assert alarm["AlarmDescription"].startswith("DO NOT EDIT OR DELETE. For TargetTrackingScaling policy arn:")
    assert (high["ComparisonOperator"], high["Threshold"], high["EvaluationPeriods"]) == ("GreaterThanThreshold", 5, 3)
    assert (low["ComparisonOperator"], low["Threshold"], low["EvaluationPeriods"]) == ("LessThanThreshold", 4.5, 90)


def test_a_metric_by_the_minute_takes_fifteen_of_them_to_scale_in(rig: Any, target: Any) -> None:
    track(target, metric="SageMakerInferenceComponentInvocationsPerCopy", value=100)
    low = alarms(rig)["Low"]
    assert (low["MetricName"], low["Period"], low["EvaluationPeriods"]) == ("InvocationsPerCopy", 60, 15)
    assert low["Statistic"] == "Sum"


def test_an_own_metric_can_be_followed(rig: Any, target: Any) -> None:
    track(
        target,
        PredefinedMetricSpecification=None,
        CustomizedMetricSpecification={
            "MetricName": "queue",
            "Namespace": "Twin",
            "Dimensions": [{"Name": "stage", "Value": "dev"}],
            "Statistic": "Maximum",
        },
    )
    high = alarms(rig)["High"]
    assert (high["Namespace"], high["MetricName"], high["Statistic"]) == ("Twin", "queue", "Maximum")
    assert high["Dimensions"] == [{"Name": "stage", "Value": "dev"}]


def test_changing_a_policy_changes_its_alarms_and_keeps_their_names(rig: Any, target: Any) -> None:
    first = track(target)
    again = track(target, value=10, DisableScaleIn=True)
    assert again["PolicyARN"] == first["PolicyARN"]
    there = alarms(rig)
    assert set(there) == {"High"}
    assert there["High"]["Threshold"] == 10
    assert there["High"]["AlarmName"] in {alarm["AlarmName"] for alarm in first["Alarms"]}


def test_a_step_policy_lists_the_alarms_that_name_it(rig: Any, target: Any) -> None:
    put = target.put_scaling_policy(
        **TARGET, PolicyName="wake", PolicyType="StepScaling", StepScalingPolicyConfiguration=STEPS
    )
    assert put["Alarms"] == []
    rig.client("cloudwatch").put_metric_alarm(
        AlarmName="no-capacity", Namespace="AWS/SageMaker", MetricName="NoCapacityInvocationFailures", Period=30,
        Dimensions=[{"Name": "InferenceComponentName", "Value": "twin"}], EvaluationPeriods=1, Threshold=1,
        Statistic="Maximum", ComparisonOperator="GreaterThanOrEqualToThreshold", AlarmActions=[put["PolicyARN"]],
    )  # fmt: skip
    (found,) = policies(target)
    assert found["StepScalingPolicyConfiguration"] == STEPS
    assert [alarm["AlarmName"] for alarm in found["Alarms"]] == ["no-capacity"]
    target.delete_scaling_policy(**TARGET, PolicyName="wake")
    assert len(rig.client("cloudwatch").describe_alarms()["MetricAlarms"]) == 1


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"PolicyType": "TargetTrackingScaling"}, "TargetTrackingScalingPolicyConfiguration is required"),
        ({}, "StepScalingPolicyConfiguration is required for a policy of type StepScaling"),
        ({"StepScalingPolicyConfiguration": {"AdjustmentType": "ChangeInCapacity"}}, "needs an AdjustmentType"),
        (
            {"StepScalingPolicyConfiguration": {**STEPS, "StepAdjustments": [
                {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 5, "ScalingAdjustment": 1},
                {"MetricIntervalLowerBound": 6, "ScalingAdjustment": 2}]}},
            "neither overlap nor leave a gap: 5, then 6",
        ),
        ({"PolicyType": "PredictiveScaling"}, "has no PredictiveScaling. It has: StepScaling, TargetTrackingScaling"),
        ({"PolicyType": "Guessing"}, "Value 'Guessing' at 'policyType' failed to satisfy constraint"),
        ({"ResourceId": "inference-component/b", "StepScalingPolicyConfiguration": STEPS}, "No scalable target"),
    ],
)  # fmt: skip
def test_refuses_what_cannot_be(target: Any, params: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        target.put_scaling_policy(**{**TARGET, "PolicyName": "p", **params})
    assert policies(target) == []


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"metric": "ECSServiceAverageCPUUtilization"}, "does not go with sagemaker:inference-comp"),
        ({"metric": "Nonsense"}, "PredefinedMetricType 'Nonsense'|at 'targetTrackingScalingPolicyConfiguration"),
        ({"value": 0}, "TargetValue must be greater than 0"),
        ({"PredefinedMetricSpecification": None}, "Either PredefinedMetricSpecification or"),
        (
            {"PredefinedMetricSpecification": None, "CustomizedMetricSpecification": {"Namespace": "a"}},
            "needs MetricName, Statistic",
        ),
    ],
)  # fmt: skip
def test_refuses_a_metric_that_does_not_fit(rig: Any, target: Any, configuration: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        track(target, **configuration)
    assert policies(target) == []
    assert alarms(rig) == {}


def test_a_policy_that_is_not_there_cannot_be_deleted(target: Any) -> None:
    with pytest.raises(ClientError, match=r"No scaling policy found for .*, policy name: none") as missing:
        target.delete_scaling_policy(**TARGET, PolicyName="none")
    assert missing.value.response["Error"]["Code"] == "ObjectNotFoundException"


def test_what_a_scaler_reads_are_plain_values(rig: Any, target: Any) -> None:
    track(target)
    registry = rig.autoscaling.registry(Place(account_id=ACCOUNT, region="us-east-1"))
    key = TargetKey(
        namespace="sagemaker",
        resource_id="inference-component/twin",
        dimension="sagemaker:inference-component:DesiredCopyCount",
    )
    assert [registry.targets[key].clamp(capacity) for capacity in (-1, 2, 9)] == [0, 2, 3]
    (policy,) = registry.policies_of(key)
    assert policy.configuration["TargetValue"] == 5
