"""The status of a fleet, and why it is not better. It is not thread-safe: the fleet holds its lock around every use."""

import time

from local.aws.containers.errors import FleetBusyError
from local.aws.containers.fleet_state import FleetStatus

_BUSY = {FleetStatus.CREATING, FleetStatus.UPDATING, FleetStatus.DELETING}


class Progress:
    """What a fleet is doing.

    Attributes:
        status: now.
        failure: why the creation failed or the last update was rolled back; it stays until the next update.
        trouble: why copies are missing now; it goes when they are there.
        modified_at: when the status changed last, seconds since the epoch.
    """

    def __init__(self) -> None:
        self.status = FleetStatus.CREATING
        self.failure: str | None = None
        self.trouble: str | None = None
        self.modified_at = time.time()

    def begin_update(self) -> None:
        """Begin to update.

        Raises:
            FleetBusyError: it is not in service.
        """
        if self.status is not FleetStatus.IN_SERVICE:
            raise FleetBusyError(self.status)
        self.failure = self.trouble = None
        self._become(FleetStatus.UPDATING)

    def begin_deletion(self) -> None:
        """Begin to delete.

        Raises:
            FleetBusyError: something else is under way.
        """
        if self.status in _BUSY:
            raise FleetBusyError(self.status)
        self._become(FleetStatus.DELETING)

    def fail(self, reason: str) -> None:
        """The creation failed."""
        self.failure = reason
        self._become(FleetStatus.FAILED)

    def settle(self, trouble: str | None) -> None:
        """What was asked for is there, or as much of it as can be.

        Args:
            trouble: why not all of it, or None.
        """
        self.trouble = trouble
        if self.status is not FleetStatus.IN_SERVICE:
            self._become(FleetStatus.IN_SERVICE)

    def _become(self, status: FleetStatus) -> None:
        self.status = status
        self.modified_at = time.time()
