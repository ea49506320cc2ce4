"""The words in which a fleet speaks: its status, its state at a moment, how it routes and how patient it is."""

from dataclasses import dataclass
from enum import StrEnum

from local.aws.containers.revision import Revision


class FleetStatus(StrEnum):
    """The statuses of an inference component, which are its fleet's."""

    CREATING = "Creating"
    IN_SERVICE = "InService"
    UPDATING = "Updating"
    DELETING = "Deleting"
    FAILED = "Failed"


class Routing(StrEnum):
    """How a request finds a copy."""

    LEAST_OUTSTANDING_REQUESTS = "LEAST_OUTSTANDING_REQUESTS"
    RANDOM = "RANDOM"


@dataclass(frozen=True, kw_only=True)
class FleetState:
    """A fleet at one moment.

    Attributes:
        status: what it is doing.
        desired: copies that there should be.
        current: copies that take requests.
        revision: what the copies are made of; during an update still the old one.
        failure_reason: why it failed, why the last update was rolled back, or why copies are missing.
        modified_at: when its status or its wants changed last, seconds since the epoch.
    """

    status: FleetStatus
    desired: int
    current: int
    revision: Revision
    failure_reason: str | None
    modified_at: float

    @property
    def settled(self) -> bool:
        """Whether nothing that was asked for is still under way. Copies that were retired may still finish requests."""
        return self.status in {FleetStatus.IN_SERVICE, FleetStatus.FAILED}


@dataclass(frozen=True, kw_only=True)
class Timings:
    """How patient a fleet is, in seconds.

    Attributes:
        drain_s: how long a copy that is scaled in or replaced may finish its requests: as long as SageMaker lets a
            stream run, so that neither breaks one off.
        delete_drain_s: the same for a component that is deleted.
        stop_grace_s: from SIGTERM to SIGKILL.
        restart_s: until a crashed copy is started again; it doubles with every crash that follows closely.
        restart_max_s: its limit. A copy that ran longer than this counts as sound again.
        room_wait_s: how long a new component waits for room on the instances before it fails.
        look_for_room_s: how often it looks for it.
        look_at_alarms_s: how often the alarms of an update are read.
    """

    drain_s: float = 480.0
    delete_drain_s: float = 5.0
    stop_grace_s: float = 4.5
    restart_s: float = 1.0
    restart_max_s: float = 60.0
    room_wait_s: float = 10.0
    look_for_room_s: float = 1.0
    look_at_alarms_s: float = 1.0


DEFAULT_TIMINGS = Timings()
