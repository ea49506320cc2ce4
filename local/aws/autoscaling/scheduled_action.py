"""A scheduled action: new bounds for a target at a time. A plain value; a scaler reads it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.aws.autoscaling.dimension import TargetKey
from local.aws.wire.errors import ValidationException

_SCHEDULE = re.compile(
    r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)|rate\([1-9]\d* (?:minute|hour|day)s?\)|cron\(\S+(?: \S+){5}\)"
)


@dataclass(frozen=True, kw_only=True)
class ScheduledAction:
    """A scheduled action.

    Attributes:
        key: the target it changes.
        name: unique within the target.
        arn: its ARN.
        definition: Schedule, Timezone, StartTime, EndTime and ScalableTargetAction, as they were given.
        created_at: when.
    """

    key: TargetKey
    name: str
    arn: str
    definition: Mapping[str, Any]
    created_at: datetime

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ValidationException: no schedule, one that AWS does not read, or nothing to change.
        """
        schedule = self.definition.get("Schedule", "")
        if not _SCHEDULE.fullmatch(schedule):
            raise ValidationException(
                f"Schedule '{schedule}' is none of at(yyyy-mm-ddThh:mm:ss), rate(value unit) and cron(six fields)."
            )
        if not self.definition.get("ScalableTargetAction"):
            raise ValidationException("At least one of minimum capacity and maximum capacity should be provided")

    def describe(self) -> dict[str, Any]:
        """Its entry in the answer of DescribeScheduledActions."""
        return {
            "ScheduledActionName": self.name,
            "ScheduledActionARN": self.arn,
            "ServiceNamespace": self.key.namespace,
            "ResourceId": self.key.resource_id,
            "ScalableDimension": self.key.dimension,
            "CreationTime": self.created_at,
            **self.definition,
        }
