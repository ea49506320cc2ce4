import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from local.aws.containers.command import TGI_REPOSITORY, Images
from local.aws.containers.fleet import Fleet
from local.aws.containers.fleet_state import FleetStatus, Timings
from local.aws.containers.launcher import Launcher, Machine
from local.aws.containers.ports import Ports
from local.aws.containers.revision import Needs, Revision

CONTAINER = Path(__file__).with_name("container.py")
IMAGE = f"763104351884.dkr.ecr.us-east-1.amazonaws.com/{TGI_REPOSITORY}:2.7.0-tgi3.3.6-gpu-py311-cu124-ubuntu22.04"
TIMINGS = Timings(
    drain_s=3, delete_drain_s=1, stop_grace_s=1, restart_s=0.1, restart_max_s=1, room_wait_s=0.3, look_for_room_s=0.05,
    look_at_alarms_s=0.05,
)  # fmt: skip


def container_command(port: int) -> list[str]:
    return [sys.executable, "-I", "-S", str(CONTAINER), str(port)]


@dataclass
class Lines:
    """A log that tests can read."""

    written: list[tuple[str, str, str]] = field(default_factory=list)

    def write(self, *, group: str, stream: str, lines: Sequence[str], time_ms: int) -> None:
        assert abs(time_ms / 1000 - time.time()) < 5
        self.written.extend((group, stream, line) for line in lines)


@dataclass
class Seats:
    """Room for so many copies."""

    seats: int = 100
    taken: set[str] = field(default_factory=set)

    def reserve(self, key: str, needs: Needs, *, beyond: bool) -> bool:
        if len(self.taken) >= self.seats and not beyond:
            return False
        self.taken.add(key)
        return True

    def release(self, key: str) -> None:
        self.taken.discard(key)


@dataclass
class FleetMaker:
    """Makes fleets of the test container and ends them."""

    log_dir: Path
    log: Lines = field(default_factory=Lines)
    room: Seats = field(default_factory=Seats)
    alarms_on: set[str] = field(default_factory=set)
    gone: list[str] = field(default_factory=list)
    fleets: list[Fleet] = field(default_factory=list)
    command: Callable[[int], Sequence[str]] = container_command

    def revision(self, *, startup_timeout_s: float = 20, image: str = IMAGE, **environment: str) -> Revision:
        return Revision(image=image, environment=environment, startup_timeout_s=startup_timeout_s)

    def start(self, revision: Revision, *, copies: int = 1, timings: Timings = TIMINGS) -> Fleet:
        machine = Machine(
            images=Images({TGI_REPOSITORY: self.command}),
            ports=Ports(),
            environment=os.environ,
            log_dir=self.log_dir,
        )
        fleet = Fleet(
            name="twin",
            launcher=Launcher(
                machine=machine, sink=self.log, region="us-east-1", component="twin", variant="AllTraffic"
            ),
            room=self.room,
            revision=revision,
            desired=copies,
            timings=timings,
            alarm_is_on=self.alarms_on.__contains__,
            on_gone=lambda: self.gone.append("twin"),
        )
        self.fleets.append(fleet)
        fleet.start()
        return fleet

    def serve(self, *, copies: int = 1, timings: Timings = TIMINGS, **environment: str) -> Fleet:
        fleet = self.start(self.revision(**environment), copies=copies, timings=timings)
        assert fleet.wait_until(lambda state: state.settled, 20), fleet.state()
        assert fleet.state().status is FleetStatus.IN_SERVICE, fleet.state().failure_reason
        return fleet

    def close(self) -> None:
        for fleet in self.fleets:
            fleet.close()
        for fleet in self.fleets:
            fleet.join(10)


@pytest.fixture
def maker(tmp_path: Path) -> Iterator[FleetMaker]:
    maker = FleetMaker(log_dir=tmp_path)
    yield maker
    maker.close()
