"""Reads CloudWatch alarms, by moto's CloudWatch, for the updates that are rolled back by one."""

from moto.cloudwatch.models import cloudwatch_backends

from local.aws.wire.place import Place


def alarm_exists(place: Place, name: str) -> bool:
    """Whether there is such an alarm."""
    return name in cloudwatch_backends[place.account_id][place.region].alarms


def alarm_is_on(place: Place, name: str) -> bool:
    """Whether an alarm is in state ALARM; one that does not exist is not."""
    alarm = cloudwatch_backends[place.account_id][place.region].alarms.get(name)
    return alarm is not None and alarm.state_value == "ALARM"
