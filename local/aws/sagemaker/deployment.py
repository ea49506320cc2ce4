"""Reads the DeploymentConfig of UpdateInferenceComponent into a rolling policy."""

from local.aws.containers.rollout import RollingPolicy
from local.aws.sagemaker.alarms import alarm_exists
from local.aws.wire.errors import ValidationException
from local.aws.wire.place import Place
from local.aws.wire.service import Params


def read_policy(place: Place, params: Params) -> RollingPolicy:
    """Read how an update shall be rolled out; without a DeploymentConfig one copy at a time.

    RollbackMaximumBatchSize has no effect: a rollback brings all old copies back at once.

    Raises:
        ValidationException: an alarm that is to be watched does not exist.
    """
    config = params.get("DeploymentConfig")
    if not config:
        return RollingPolicy()
    rolling = config["RollingUpdatePolicy"]
    size = rolling["MaximumBatchSize"]
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
        batch_copies=size["Value"] if size["Type"] == "COPY_COUNT" else None,
        batch_percent=size["Value"] if size["Type"] == "CAPACITY_PERCENT" else None,
        wait_s=rolling["WaitIntervalInSeconds"],
        alarms=tuple(alarms),
        **limit,
    )
