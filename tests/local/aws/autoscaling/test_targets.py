import gzip
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.aws.sagemaker.rig import ACCOUNT, Deployed, Rig

TARGET: dict[str, Any] = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "inference-component/twin",
    "ScalableDimension": "sagemaker:inference-component:DesiredCopyCount",
}
MISSING = "service namespace: sagemaker, resource ID: inference-component/twin, scalable dimension: "


def described(scaling: Any, **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scaling.describe_scalable_targets(ServiceNamespace="sagemaker", **params)[
        "ScalableTargets"
    ]
    return found


def test_is_described_as_it_was_registered(scaling: Any) -> None:
    arn = scaling.register_scalable_target(**TARGET, MinCapacity=0, MaxCapacity=3)["ScalableTargetARN"]
    (found,) = described(scaling)
    assert {key: found[key] for key in (*TARGET, "MinCapacity", "MaxCapacity", "ScalableTargetARN")} == {
        **TARGET,
        "MinCapacity": 0,
        "MaxCapacity": 3,
        "ScalableTargetARN": arn,
    }
    assert found["SuspendedState"] == {
        "DynamicScalingInSuspended": False,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": False,
    }
    assert found["RoleARN"] == (
        f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
        "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    )
    assert found["CreationTime"].year >= 2024


def test_registering_again_changes_only_what_is_given(scaling: Any) -> None:
    arn = scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=3)["ScalableTargetARN"]
    suspended = {"DynamicScalingInSuspended": True}
    again = scaling.register_scalable_target(**TARGET, MaxCapacity=5, SuspendedState=suspended)["ScalableTargetARN"]
    (found,) = described(scaling)
    assert again == arn
    assert (found["MinCapacity"], found["MaxCapacity"]) == (1, 5)
    assert found["SuspendedState"]["DynamicScalingInSuspended"] is True
    assert found["SuspendedState"]["ScheduledScalingSuspended"] is False


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"MinCapacity": 4, "MaxCapacity": 3}, "Minimum capacity cannot be greater than maximum capacity: 4 > 3"),
        ({"MinCapacity": -1, "MaxCapacity": 3}, "Capacity must not be negative"),
        ({"MinCapacity": 1}, "MinCapacity and MaxCapacity are required"),
        (
            {"MinCapacity": 1, "MaxCapacity": 2, "ResourceId": "inference-component/other"},
            "Inference component doesn't exist",
        ),
        (
            {"MinCapacity": 1, "MaxCapacity": 2, "ResourceId": "endpoint/twin"},
            "Unsupported service namespace, resource type",
        ),
        (
            {"MinCapacity": 1, "MaxCapacity": 2, "ServiceNamespace": "ecs"},
            "Unsupported service namespace, resource type",
        ),
        (
            {"MinCapacity": 1, "MaxCapacity": 2, "ScalableDimension": "dynamodb:table:ReadCapacityUnits"},
            "does not scale dynamodb:table:ReadCapacityUnits. It has: ecs:service:DesiredCount",
        ),
        (
            {"ScalableDimension": "a:b:c"},
            "at 'scalableDimension' failed to satisfy constraint: Member must satisfy enum",
        ),
    ],
)
def test_refuses_what_cannot_be(scaling: Any, params: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message) as refusal:
        scaling.register_scalable_target(**{**TARGET, **params})
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
    assert described(scaling) == []


def test_a_variant_and_an_ecs_service_can_be_targets_too(rig: Any, scaling: Any) -> None:
    variant = {"ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}
    scaling.register_scalable_target(
        **variant, ResourceId="endpoint/twin/variant/AllTraffic", MinCapacity=1, MaxCapacity=2
    )
    with pytest.raises(ClientError, match="Endpoint variant doesn't exist"):
        scaling.register_scalable_target(
            **variant, ResourceId="endpoint/twin/variant/Blue", MinCapacity=1, MaxCapacity=2
        )
    ecs = {
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 1,
        "MaxCapacity": 2,
    }
    with pytest.raises(ClientError, match="ECS service doesn't exist: service/rag/web"):
        scaling.register_scalable_target(**ecs, ResourceId="service/rag/web")
    client = rig.client("ecs")
    client.create_cluster(clusterName="rag")
    client.create_service(cluster="rag", serviceName="web", desiredCount=1)
    scaling.register_scalable_target(**ecs, ResourceId="service/rag/web")
    assert len(described(scaling)) == 1
    assert len(scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]) == 1


def test_targets_are_filtered_and_paged(scaling: Any) -> None:
    for name in ("twin", "b", "c"):
        scaling.register_scalable_target(
            **{**TARGET, "ResourceId": f"inference-component/{name}"}, MinCapacity=0, MaxCapacity=1
        )
    pages = scaling.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="sagemaker", PaginationConfig={"PageSize": 2}
    )
    assert [len(page["ScalableTargets"]) for page in pages] == [2, 1]
    assert [found["ResourceId"] for found in described(scaling, ResourceIds=["inference-component/b"])] == [
        "inference-component/b"
    ]
    assert described(scaling, ScalableDimension="sagemaker:variant:DesiredInstanceCount") == []
    with pytest.raises(ClientError) as refusal:
        described(scaling, NextToken="nonsense")
    assert refusal.value.response["Error"]["Code"] == "InvalidNextTokenException"


def test_a_deregistered_target_takes_everything_with_it(rig: Any, scaling: Any) -> None:
    scaling.register_scalable_target(**TARGET, MinCapacity=0, MaxCapacity=3)
    tracking = {
        "TargetValue": 5,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerInferenceComponentInvocationsPerCopy"},
    }
    scaling.put_scaling_policy(
        **TARGET, PolicyName="p", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=tracking
    )
    scaling.put_scheduled_action(
        **TARGET, ScheduledActionName="night", Schedule="cron(0 20 * * ? *)", ScalableTargetAction={"MaxCapacity": 0}
    )
    scaling.deregister_scalable_target(**TARGET)
    assert described(scaling) == []
    assert scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"] == []
    assert scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"] == []
    assert rig.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    with pytest.raises(ClientError, match=f"No scalable target registered for {MISSING}") as missing:
        scaling.deregister_scalable_target(**TARGET)
    assert missing.value.response["Error"]["Code"] == "ObjectNotFoundException"


def test_targets_have_tags(scaling: Any) -> None:
    arn = scaling.register_scalable_target(**TARGET, MinCapacity=0, MaxCapacity=3, Tags={"a": "1"})["ScalableTargetARN"]
    scaling.tag_resource(ResourceARN=arn, Tags={"b": "2"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"b": "2"}
    with pytest.raises(ClientError, match="that you tried to tag already exists"):
        scaling.register_scalable_target(**TARGET, MinCapacity=0, MaxCapacity=3, Tags={"a": "1"})


def test_registering_brings_the_copy_count_within_the_bounds_and_no_further(rig: Any, scaling: Any) -> None:
    deployed = Deployed(rig)
    deployed.settled()
    for least, most, copies in ((2, 3, 2), (1, 3, 2), (0, 1, 1)):
        scaling.register_scalable_target(**TARGET, MinCapacity=least, MaxCapacity=most)
        assert deployed.settled()["RuntimeConfig"]["DesiredCopyCount"] == copies
    activities = scaling.describe_scaling_activities(ServiceNamespace="sagemaker")["ScalingActivities"]
    assert [activity["Cause"] for activity in activities] == [
        "maximum capacity was set to 1",
        "minimum capacity was set to 2",
    ]


def test_a_component_that_is_being_changed_keeps_its_copy_count(rig: Any, scaling: Any) -> None:
    deployed = Deployed(rig)
    deployed.model("slow", START_DELAY_S="0.5")
    deployed.component("slow", model="slow", wait=False)
    slow = {**TARGET, "ResourceId": "inference-component/slow"}
    scaling.register_scalable_target(**slow, MinCapacity=2, MaxCapacity=3)
    assert deployed.settled("slow")["RuntimeConfig"]["DesiredCopyCount"] == 1
    deployed.sm.delete_inference_component(InferenceComponentName="slow")


def test_nothing_has_been_scaled_yet(scaling: Any) -> None:
    scaling.register_scalable_target(**TARGET, MinCapacity=0, MaxCapacity=3)
    assert scaling.describe_scaling_activities(ServiceNamespace="sagemaker")["ScalingActivities"] == []


def test_an_adapter_has_no_copies_to_be_scaled(rig: Rig, scaling: Any) -> None:
    deployed, s3 = Deployed(rig), rig.client("s3")
    deployed.settled("twin")
    s3.create_bucket(Bucket="scaled-adapters")
    s3.put_object(Bucket="scaled-adapters", Key="ada.tar.gz", Body=gzip.compress(bytes(1024)))
    container = {"ArtifactUrl": "s3://scaled-adapters/ada.tar.gz"}
    deployed.sm.create_inference_component(
        InferenceComponentName="ada",
        EndpointName="twin",
        Specification={"BaseInferenceComponentName": "twin", "Container": container},
    )
    deployed.settled("ada")
    of_adapter = TARGET | {"ResourceId": "inference-component/ada"}
    with pytest.raises(ClientError, match="ada is an adapter and has no copies of its own: scale its base, twin"):
        scaling.register_scalable_target(**of_adapter, MinCapacity=0, MaxCapacity=3)
    assert described(scaling) == []
    deployed.sm.delete_inference_component(InferenceComponentName="ada")
