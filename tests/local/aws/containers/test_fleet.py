import os
import signal
import socket
import threading
import time
from http.client import HTTPConnection
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from local.aws.containers.container_copy import CopyStatus
from local.aws.containers.errors import FleetBusyError
from local.aws.containers.failure import NO_CAPACITY
from local.aws.containers.fleet import Fleet
from local.aws.containers.fleet_state import FleetState, FleetStatus, Routing
from local.aws.containers.rollout import RollingPolicy
from tests.local.aws.containers.conftest import IMAGE


def settled(fleet: Fleet) -> FleetState:
    assert fleet.wait_until(lambda state: state.settled, 20), fleet.state()
    return fleet.state()


def names(fleet: Fleet) -> set[str]:
    return {copy.revision.environment["NAME"] for copy in fleet.copies()}


def post(port: int, body: bytes) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/invocations", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_is_in_service_when_every_copy_answers_ping(maker):
    fleet = maker.start(maker.revision(START_DELAY_S="0.3"), copies=2)
    creating = fleet.state()
    assert (creating.status, creating.desired, creating.current) == (FleetStatus.CREATING, 2, 0)
    state = settled(fleet)
    assert (state.status, state.desired, state.current) == (FleetStatus.IN_SERVICE, 2, 2)
    assert len({copy.port for copy in fleet.copies()}) == 2
    assert all(post(copy.port, b"{}")[0] == 200 for copy in fleet.copies())


def test_what_a_container_prints_is_in_its_file_and_in_the_log(maker):
    fleet = maker.serve(NAME="a")
    (copy,) = fleet.copies()
    assert copy.output.file.read_text() == "container a starts\n"
    group, stream, line = maker.log.written[0]
    assert (group, stream) == ("/aws/sagemaker/InferenceComponents/twin", f"AllTraffic/{copy.copy_id}")
    assert line == "container a starts"


def test_a_container_sees_little_of_this_machine_and_all_of_its_template(maker, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the machine")
    fleet = maker.serve(HF_MODEL_ID="twin/model")
    (copy,) = fleet.copies()
    environment = psutil.Process(copy.pid).environ()
    assert environment["HF_MODEL_ID"] == "twin/model"
    assert environment["OMP_WAIT_POLICY"] == "passive"
    assert environment["AWS_REGION"] == "us-east-1"
    assert "AWS_SECRET_ACCESS_KEY" not in environment


def test_fails_with_the_last_lines_when_a_container_exits_before_it_is_ready(maker):
    fleet = maker.start(maker.revision(EXIT_CODE="3", MESSAGE="RepositoryNotFoundError: no such model"), copies=2)
    state = settled(fleet)
    assert state.status is FleetStatus.FAILED
    assert "exited with code 3 before it passed the ping health check" in (state.failure_reason or "")
    assert (state.failure_reason or "").endswith("RepositoryNotFoundError: no such model")
    assert fleet.wait_until(lambda _: not fleet.copies(), 5)
    assert maker.room.taken == set()


def test_a_failure_reason_is_cut_as_on_aws_and_keeps_the_last_lines(maker):
    lines = [f"line {number} " + "x" * 200 for number in range(20)] + ["the cause"]
    reason = settled(maker.start(maker.revision(EXIT_CODE="1", MESSAGE="\n".join(lines)))).failure_reason or ""
    assert 800 < len(reason) <= 1024
    assert "line 17 x" in reason
    assert reason.endswith("x\nthe cause")


def test_of_a_last_line_that_is_too_long_the_beginning_is_kept(maker):
    message = "RepositoryNotFoundError: " + "x" * 3000
    reason = settled(maker.start(maker.revision(EXIT_CODE="1", MESSAGE=message))).failure_reason or ""
    assert len(reason) == 1024
    assert "Its last lines: RepositoryNotFoundError: xxx" in reason


def test_fails_when_a_container_is_not_ready_in_time(maker):
    fleet = maker.start(maker.revision(startup_timeout_s=0.5, NEVER_READY="1"))
    state = settled(fleet)
    assert state.status is FleetStatus.FAILED
    assert "did not pass the ping health check within 0.5 seconds" in (state.failure_reason or "")
    assert fleet.wait_until(lambda _: not fleet.copies(), 5)


@pytest.mark.parametrize(
    "image",
    [
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-vllm:0.29.0",
        # Another account's registry; and a tag that AWS never published.
        IMAGE.replace("763104351884", "999999999999"),
        IMAGE.replace("tgi3.3.6", "tgi9.9.9"),
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-tgi-inference",
        "ghcr.io/huggingface/text-generation-inference:3.3.6",
    ],
)
def test_an_image_that_nothing_here_runs_fails_as_one_that_cannot_be_pulled(maker, image):
    state = settled(maker.start(maker.revision(image=image)))
    assert state.status is FleetStatus.FAILED
    assert (state.failure_reason or "").startswith(f"CannotPullContainerError: the image {image}")


def test_a_program_that_cannot_be_started_fails_the_fleet(maker):
    maker.command = lambda port: ["/no/such/program", str(port)]
    state = settled(maker.start(maker.revision()))
    assert state.status is FleetStatus.FAILED
    assert "/no/such/program" in (state.failure_reason or "")


def test_a_port_lost_to_another_program_is_replaced_by_another(maker):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = [other.getsockname()[1]]
        usual = maker.command
        maker.command = lambda port: usual(taken.pop() if taken else port)
        fleet = maker.serve()
    assert not taken
    assert len(list(maker.log_dir.glob("*.log"))) == 2
    assert any("Address already in use" in path.read_text() for path in maker.log_dir.glob("*.log"))
    assert fleet.state().current == 1


def test_scales_out_in_to_zero_and_back(maker):
    fleet = maker.serve()
    for copies in (3, 1, 0, 2):
        fleet.scale(copies)
        assert fleet.state().status is FleetStatus.UPDATING
        state = settled(fleet)
        assert (state.status, state.desired, state.current) == (FleetStatus.IN_SERVICE, copies, copies)
        assert fleet.wait_until(lambda _, copies=copies: len(fleet.copies()) == copies, 5)
    assert len(maker.room.taken) == 2


def test_refuses_a_change_while_it_is_busy(maker):
    fleet = maker.start(maker.revision(START_DELAY_S="0.5"))
    for change in (lambda: fleet.scale(2), fleet.delete):
        with pytest.raises(FleetBusyError) as refusal:
            change()
        assert refusal.value.status == "Creating"
    settled(fleet)


def test_requests_go_to_the_copy_with_the_fewest(maker):
    fleet = maker.serve(copies=3)
    chosen = [fleet.acquire(Routing.LEAST_OUTSTANDING_REQUESTS) for _ in range(6)]
    assert sorted(copy.outstanding for copy in fleet.copies()) == [2, 2, 2]
    free = chosen[4]
    fleet.release(free)
    assert fleet.acquire(Routing.LEAST_OUTSTANDING_REQUESTS) is free


def test_a_copy_that_was_tried_is_not_chosen_again(maker):
    fleet = maker.serve(copies=2)
    first = fleet.acquire(Routing.RANDOM)
    assert fleet.acquire(Routing.RANDOM, without=[first]) is not first
    assert fleet.acquire(Routing.RANDOM, without=fleet.copies()) is None


def test_a_crashed_copy_is_noticed_and_started_again(maker):
    fleet = maker.serve(copies=2)
    victim = fleet.copies()[0]
    os.kill(victim.pid, signal.SIGKILL)
    assert fleet.wait_until(lambda state: state.current == 1, 5)
    assert fleet.state().status is FleetStatus.IN_SERVICE
    assert fleet.wait_until(lambda state: state.current == 2, 10)
    assert victim not in fleet.copies()


def test_restarts_of_a_crashing_copy_get_rarer(maker):
    usual, starts, broken = maker.command, [], False

    def command(port: int) -> list[str]:
        starts.append(time.monotonic())
        return ["false"] if broken else usual(port)

    maker.command = command
    fleet = maker.serve()
    broken = True
    os.kill(fleet.copies()[0].pid, signal.SIGKILL)
    while len(starts) < 5:
        time.sleep(0.01)
    gaps = [later - earlier for earlier, later in pairwise(starts[1:])]
    assert all(gap > least for gap, least in zip(gaps, (0.2, 0.4, 0.8), strict=True))
    assert fleet.state().status is FleetStatus.IN_SERVICE
    assert "exited with code 1" in (fleet.state().failure_reason or "")
    broken = False
    assert fleet.wait_until(lambda state: state.current == 1, 10)
    assert fleet.state().failure_reason is None


def test_a_copy_that_is_scaled_in_finishes_its_requests_first(maker):
    fleet = maker.serve(copies=2)
    busy = fleet.acquire(Routing.RANDOM)
    fleet.scale(0)
    assert settled(fleet).current == 0
    assert fleet.wait_until(lambda _: fleet.copies() == (busy,), 5)
    assert busy.status is CopyStatus.DRAINING
    assert fleet.acquire(Routing.RANDOM) is None
    assert post(busy.port, b"{}")[0] == 200
    fleet.release(busy)
    assert fleet.wait_until(lambda _: fleet.copies() == (), 5)


def test_copies_that_only_finish_their_requests_hold_nothing_up(maker):
    fleet = maker.serve(NAME="old")
    busy = [fleet.acquire(Routing.RANDOM)]
    fleet.roll(maker.revision(NAME="new"), policy=RollingPolicy())
    assert settled(fleet).revision.environment["NAME"] == "new"
    busy.append(fleet.acquire(Routing.RANDOM))
    fleet.scale(0)
    assert settled(fleet).current == 0
    assert {copy.status for copy in fleet.copies()} == {CopyStatus.DRAINING}
    for copy in busy:
        fleet.release(copy)
    assert fleet.wait_until(lambda _: fleet.copies() == (), 5)


def test_a_deleted_fleet_does_not_wait_long_for_requests(maker):
    fleet = maker.serve(copies=2)
    fleet.acquire(Routing.RANDOM)
    fleet.scale(0)
    settled(fleet)
    begin = time.monotonic()
    fleet.delete()
    fleet.join(10)
    assert 0.9 < time.monotonic() - begin < 3
    assert maker.gone == ["twin"]


def test_without_room_a_new_fleet_fails(maker):
    maker.room.seats = 1
    state = settled(maker.start(maker.revision(), copies=2))
    assert (state.status, state.failure_reason) == (FleetStatus.FAILED, NO_CAPACITY)


def test_without_room_a_fleet_serves_with_fewer_and_grows_when_there_is(maker):
    maker.room.seats = 1
    fleet = maker.serve()
    fleet.scale(2)
    state = settled(fleet)
    assert (state.status, state.desired, state.current) == (FleetStatus.IN_SERVICE, 2, 1)
    assert state.failure_reason == NO_CAPACITY
    maker.room.seats = 2
    assert fleet.wait_until(lambda state: state.current == 2, 10)
    assert fleet.state().failure_reason is None


def test_a_rolling_update_replaces_every_copy_and_never_serves_with_fewer(maker):
    fleet = maker.serve(copies=3, NAME="old")
    least = [3]
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.005):
            least.append(fleet.state().current)

    watcher = threading.Thread(target=watch)
    watcher.start()
    fleet.roll(maker.revision(NAME="new"), policy=RollingPolicy(batch_copies=2))
    state = settled(fleet)
    stop.set()
    watcher.join()
    assert (state.status, state.failure_reason, state.current) == (FleetStatus.IN_SERVICE, None, 3)
    assert fleet.wait_until(lambda _: names(fleet) == {"new"}, 5)
    assert state.revision.environment["NAME"] == "new"
    assert min(least) == 3


def test_an_update_that_does_not_come_up_is_rolled_back(maker):
    fleet = maker.serve(copies=2, NAME="old")
    before = {copy.copy_id for copy in fleet.copies()}
    fleet.roll(maker.revision(NAME="new", EXIT_CODE="1", MESSAGE="out of memory"), policy=RollingPolicy())
    state = settled(fleet)
    assert (state.status, state.current) == (FleetStatus.IN_SERVICE, 2)
    assert "out of memory" in (state.failure_reason or "")
    assert state.revision.environment["NAME"] == "old"
    assert {copy.copy_id for copy in fleet.copies()} == before


def test_an_alarm_rolls_an_update_back(maker):
    fleet = maker.serve(copies=2, NAME="old")
    fleet.roll(maker.revision(NAME="new"), policy=RollingPolicy(wait_s=30, alarms=["latency"]))
    assert fleet.wait_until(lambda _: names(fleet) == {"old", "new"} and len(fleet.copies()) == 2, 10)
    maker.alarms_on.add("latency")
    state = settled(fleet)
    assert state.current == 2
    assert fleet.wait_until(lambda _: names(fleet) == {"old"}, 5)
    assert len(fleet.copies()) == 2
    assert "alarm latency is in ALARM" in (state.failure_reason or "")


@pytest.mark.parametrize(("batch", "most"), [({"rollback_copies": 1}, 1), ({"rollback_percent": 50}, 2)])
def test_a_rollback_brings_back_so_many_at_a_time_and_never_serves_with_fewer(maker, batch, most):
    fleet = maker.serve(copies=3, NAME="old", START_DELAY_S="0.2")
    policy = RollingPolicy(batch_copies=3, wait_s=30, alarms=["latency"], **batch)
    fleet.roll(maker.revision(NAME="new"), policy=policy)
    assert fleet.wait_until(lambda _: names(fleet) == {"new"} and len(fleet.copies()) == 3, 20)
    serving, starting = [], []

    def look(state: FleetState) -> bool:
        serving.append(state.current)
        starting.append(sum(copy.status is CopyStatus.STARTING for copy in fleet.copies()))
        return state.settled

    maker.alarms_on.add("latency")
    assert fleet.wait_until(look, 20)
    assert fleet.wait_until(lambda _: names(fleet) == {"old"}, 5)
    assert min(serving) == 3
    assert 0 < max(starting) <= most


def test_an_update_at_zero_copies_takes_effect_with_the_next_copy(maker):
    fleet = maker.serve(NAME="old")
    fleet.scale(0)
    settled(fleet)
    fleet.roll(maker.revision(NAME="new"), policy=RollingPolicy())
    settled(fleet)
    fleet.scale(1)
    settled(fleet)
    assert names(fleet) == {"new"}


def test_an_update_can_change_the_number_too(maker):
    fleet = maker.serve(copies=1, NAME="old")
    fleet.roll(maker.revision(NAME="new"), policy=RollingPolicy(batch_percent=100), desired=3)
    assert settled(fleet).current == 3
    assert fleet.wait_until(lambda _: names(fleet) == {"new"}, 5)


def test_a_deleted_fleet_ends_its_copies_and_says_so(maker):
    fleet = maker.serve(copies=2)
    pids = [copy.pid for copy in fleet.copies()]
    fleet.delete()
    fleet.join(10)
    assert maker.gone == ["twin"]
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert maker.room.taken == set()


def test_a_failed_fleet_can_be_deleted(maker):
    fleet = maker.start(maker.revision(EXIT_CODE="1"))
    settled(fleet)
    with pytest.raises(FleetBusyError):
        fleet.scale(1)
    fleet.delete()
    fleet.join(10)
    assert maker.gone == ["twin"]


def test_closing_ends_copies_that_have_requests(maker):
    fleet = maker.serve(copies=2)
    fleet.acquire(Routing.RANDOM)
    pids = [copy.pid for copy in fleet.copies()]
    begin = time.monotonic()
    fleet.close()
    fleet.join(10)
    assert time.monotonic() - begin < 3
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_copy_that_does_not_end_is_killed(maker):
    fleet = maker.serve(IGNORE_SIGTERM="1")
    (copy,) = fleet.copies()
    begin = time.monotonic()
    fleet.close()
    fleet.join(10)
    assert 0.9 < time.monotonic() - begin < 4
    assert not psutil.pid_exists(copy.pid)


def test_what_a_stand_in_says_of_itself_is_kept(maker):
    fleet = maker.serve(STAND_IN='{"serves": "small", "instead_of": "large"}')
    (copy,) = fleet.copies()
    assert copy.stand_in == {"serves": "small", "instead_of": "large"}


def test_log_files_lie_in_the_state_directory(maker, tmp_path: Path):
    fleet = maker.serve()
    assert [copy.output.file.parent for copy in fleet.copies()] == [tmp_path]
