from typing import Any

import pytest
from botocore.exceptions import ClientError

TARGET: dict[str, Any] = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "inference-component/twin",
    "ScalableDimension": "sagemaker:inference-component:DesiredCopyCount",
}


@pytest.fixture
def target(scaling: Any) -> Any:
    scaling.register_scalable_target(**TARGET, MinCapacity=0, MaxCapacity=3)
    return scaling


def actions(scaling: Any, **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scaling.describe_scheduled_actions(ServiceNamespace="sagemaker", **params)[
        "ScheduledActions"
    ]
    return found


def put(scaling: Any, name: str = "night", **params: Any) -> None:
    given = {
        "Schedule": "cron(0 20 ? * MON-FRI *)",
        "ScalableTargetAction": {"MinCapacity": 0, "MaxCapacity": 0},
        **params,
    }
    scaling.put_scheduled_action(
        **TARGET, ScheduledActionName=name, **{key: value for key, value in given.items() if value is not None}
    )


def test_is_described_changed_and_deleted(target: Any) -> None:
    put(target, Timezone="Europe/Berlin")
    (found,) = actions(target)
    assert (found["Schedule"], found["Timezone"]) == ("cron(0 20 ? * MON-FRI *)", "Europe/Berlin")
    assert found["ScalableTargetAction"] == {"MinCapacity": 0, "MaxCapacity": 0}
    put(target, Schedule="rate(5 minutes)", ScalableTargetAction=None)
    (changed,) = actions(target, ScheduledActionNames=["night"])
    assert changed["Schedule"] == "rate(5 minutes)"
    assert changed["Timezone"] == "Europe/Berlin"
    assert changed["ScheduledActionARN"] == found["ScheduledActionARN"]
    target.delete_scheduled_action(**TARGET, ScheduledActionName="night")
    assert actions(target) == []


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"Schedule": "every night"}, "Schedule 'every night' is none of at"),
        ({"Schedule": None}, "Schedule '' is none of at"),
        ({"ScalableTargetAction": None}, "At least one of minimum capacity and maximum capacity"),
    ],
)
def test_refuses_what_cannot_be(target: Any, params: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        put(target, **params)
    assert actions(target) == []


def test_needs_a_target(scaling: Any) -> None:
    with pytest.raises(ClientError, match="No scalable target registered"):
        put(scaling)
    with pytest.raises(ClientError, match="No scheduled action found"):
        scaling.delete_scheduled_action(**TARGET, ScheduledActionName="night")
