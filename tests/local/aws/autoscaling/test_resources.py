from dataclasses import replace
from typing import Any

import pytest

from local.aws.autoscaling.resources import providers
from local.aws.cloudformation.provider import ProvisioningError, ResourceRequest
from tests.local.aws.sagemaker.rig import ACCOUNT

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"
REF = "inference-component/twin|sagemaker:inference-component:DesiredCopyCount|sagemaker"


def request(type_: str, **properties: Any) -> ResourceRequest:
    return ResourceRequest(
        logical_id="Thing",
        resource_type=type_,
        properties=properties,
        account_id=ACCOUNT,
        region="us-east-1",
        stack_name="stack",
        stack_id="id",
        generated_name="stack-Thing-1",
    )


def target(**properties: Any) -> ResourceRequest:
    given = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "inference-component/twin",
        "ScalableDimension": "sagemaker:inference-component:DesiredCopyCount",
        "MinCapacity": "0",
        "MaxCapacity": "3",
    }
    return request(TARGET, **{**given, **properties})


def test_a_target_is_registered_changed_and_deregistered(rig: Any, scaling: Any) -> None:
    provider = providers(rig.autoscaling)[TARGET]
    night = {"ScheduledActionName": "night", "Schedule": "rate(1 day)", "ScalableTargetAction": {"MaxCapacity": "1"}}
    created = provider.create(target(ScheduledActions=[night]))
    assert created.physical_id == created.attributes["Id"] == REF
    assert len(scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"]) == 1
    changed = provider.update(target(MaxCapacity=5), created)
    (found,) = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert (found["MinCapacity"], found["MaxCapacity"]) == (0, 5)
    assert scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"] == []
    provider.delete(target(), changed)
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    provider.delete(target(), changed)


def test_a_policy_finds_its_target_by_ref(rig: Any, scaling: Any) -> None:
    both = providers(rig.autoscaling)
    both[TARGET].create(target())
    wake = request(
        POLICY,
        PolicyName="wake",
        PolicyType="StepScaling",
        ScalingTargetId=REF,
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "Cooldown": "60",
            "StepAdjustments": [{"MetricIntervalLowerBound": "0", "ScalingAdjustment": "1"}],
        },
    )
    created = both[POLICY].create(wake)
    (found,) = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert created.physical_id == created.attributes["Arn"] == found["PolicyARN"]
    assert found["StepScalingPolicyConfiguration"]["StepAdjustments"] == [
        {"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}
    ]
    both[POLICY].delete(wake, created)
    both[POLICY].delete(wake, created)
    assert scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"] == []


def test_a_refusal_is_the_resources_failure(rig: Any) -> None:
    both = providers(rig.autoscaling)
    with pytest.raises(ProvisioningError, match="Inference component doesn't exist: inference-component/other"):
        both[TARGET].create(target(ResourceId="inference-component/other"))
    with pytest.raises(ProvisioningError, match="Either ScalingTargetId or all three of"):
        both[POLICY].create(request(POLICY, PolicyName="p"))
    with pytest.raises(ProvisioningError, match=r"resource\|dimension\|namespace, not 'Thing'"):
        both[POLICY].create(request(POLICY, PolicyName="p", ScalingTargetId="Thing"))


def test_a_target_of_another_region_is_another_target(rig: Any) -> None:
    with pytest.raises(ProvisioningError, match="doesn't exist"):
        providers(rig.autoscaling)[TARGET].create(replace(target(), region="eu-west-1"))
