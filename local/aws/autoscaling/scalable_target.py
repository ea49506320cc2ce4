"""A scalable target: what may be scaled, between which bounds. A plain value; a scaler reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.aws.autoscaling.dimension import TargetKey
from local.aws.wire.errors import ValidationException

NOT_SUSPENDED: Mapping[str, bool] = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


@dataclass(frozen=True, kw_only=True)
class ScalableTarget:
    """A registered target.

    Attributes:
        key: what identifies it.
        arn: its ARN.
        least: capacity is never scaled below this.
        most: capacity is never scaled above this.
        role_arn: who scales it.
        suspended: which kinds of scaling are suspended, by AWS's names.
        created_at: when.
    """

    key: TargetKey
    arn: str
    least: int
    most: int
    role_arn: str
    suspended: Mapping[str, bool]
    created_at: datetime

    def __post_init__(self) -> None:
        """Refuse bounds that cannot be.

        Raises:
            ValidationException: negative, or the wrong way round.
        """
        if self.least < 0 or self.most < 0:
            raise ValidationException(f"Capacity must not be negative: minimum {self.least}, maximum {self.most}.")
        if self.least > self.most:
            raise ValidationException(
                f"Minimum capacity cannot be greater than maximum capacity: {self.least} > {self.most}."
            )

    def clamp(self, capacity: int) -> int:
        """The nearest capacity within the bounds."""
        return max(self.least, min(self.most, capacity))

    def describe(self) -> dict[str, Any]:
        """Its entry in the answer of DescribeScalableTargets."""
        return {
            "ServiceNamespace": self.key.namespace,
            "ResourceId": self.key.resource_id,
            "ScalableDimension": self.key.dimension,
            "MinCapacity": self.least,
            "MaxCapacity": self.most,
            "RoleARN": self.role_arn,
            "CreationTime": self.created_at,
            "SuspendedState": self.suspended,
            "ScalableTargetARN": self.arn,
        }
