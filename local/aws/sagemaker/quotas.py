"""How many instances of each type an account may run for endpoints, and the refusal of more.

The quotas of a rehearsal: none of the types that AWS gives no new account (p4d and up, and the largest of the others),
enough of the rest. An increase that is asked for is granted at once (service_quotas.py). The words of the refusal are
SageMaker's: https://github.com/aws-samples/sagemaker-custom-project-templates/issues/51.
"""

import threading

from local.aws.wire.errors import ResourceLimitExceeded
from model.hardware import instance_types

_USUAL = 20
_NONE_AT_FIRST = ("ml.p4d.", "ml.p4de.", "ml.p5.", "ml.p5e.", "ml.p5en.")


class InstanceQuotas:
    """The quotas of one account and region, in instances by type."""

    def __init__(self) -> None:
        self._limits = {
            instance.name: 0 if instance.name.startswith(_NONE_AT_FIRST) else _USUAL for instance in instance_types()
        }
        self._lock = threading.Lock()

    def limits(self) -> dict[str, int]:
        """The quota of every type."""
        with self._lock:
            return dict(self._limits)

    def grant(self, instance: str, limit: int) -> None:
        """Change the quota of a type."""
        with self._lock:
            self._limits[instance] = limit

    def check(self, instance: str, *, used: int, wanted: int) -> None:
        """Refuse more instances than the quota allows.

        Raises:
            ResourceLimitExceeded: in AWS's words.
        """
        limit = self.limits()[instance]
        if used + wanted > limit:
            raise ResourceLimitExceeded(
                f"The account-level service limit '{instance} for endpoint usage' is {limit} Instances, with current "
                f"utilization of {used} Instances and a request delta of {wanted} Instances. Please use AWS Service "
                "Quotas to request an increase for this quota. If AWS Service Quotas is not available, contact AWS "
                "support to request an increase for this quota."
            )
