"""Reads the DeploymentConfig of UpdateInferenceComponent into a rolling policy."""

from local.aws.containers.rollout import RollingPolicy
from local.aws.sagemaker.alarms import alarm_exists
from local.aws.wire.errors import ValidationException
from local.aws.wire.place import Place
from local.aws.wire.service import Params


def read_policy(place: Place, params: Params) -> RollingPolicy:
    """Read how an update shall be rolled out; without a DeploymentConfig one copy at a time.

    Raises:
        ValidationException: an alarm that is to be watched does not exist.
    """
    config = params.get("DeploymentConfig")
    if not config:
        return RollingPolicy()
    rolling = config["RollingUpdatePolicy"]
    alarms = [alarm["AlarmName"] for alarm in config.get("AutoRollbackConfiguration", {}).get("Alarms", ())]
    for name in alarms:
        if not alarm_exists(place, name):
            raise ValidationException(
                f"AutoRollbackConfiguration names the CloudWatch alarm {name}, which does not exist."
            )
    limit = (
        {"timeout_s": rolling["MaximumExecutionTimeoutInSeconds"]}
        if "MaximumExecutionTimeoutInSeconds" in rolling
        else {}
    )
    return RollingPolicy(
        batch_copies=_value(rolling["MaximumBatchSize"], "COPY_COUNT"),
        batch_percent=_value(rolling["MaximumBatchSize"], "CAPACITY_PERCENT"),
        rollback_copies=_value(rolling.get("RollbackMaximumBatchSize"), "COPY_COUNT"),
        rollback_percent=_value(rolling.get("RollbackMaximumBatchSize"), "CAPACITY_PERCENT"),
        wait_s=rolling["WaitIntervalInSeconds"],
        alarms=tuple(alarms),
        **limit,
    )


def _value(size: Params | None, type_: str) -> int | None:
    """The value of a size of a type; None for one of the other type, or for none."""
    return size["Value"] if size and size["Type"] == type_ else None
