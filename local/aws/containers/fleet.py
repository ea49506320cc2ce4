"""Keeps as many copies of a component running as are desired, through crashes, scaling and updates.

One thread a fleet looks at what is, decides what should be, and starts or stops copies. It knows containers and not
SageMaker's API: it is told a revision and a number, and gives a state.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection

from local.aws.containers.container_copy import Copy
from local.aws.containers.errors import ContainerError
from local.aws.containers.failure import NO_CAPACITY, ended, not_ready_in_time
from local.aws.containers.fleet_state import FleetState, FleetStatus, Routing, Timings
from local.aws.containers.launcher import Launcher
from local.aws.containers.progress import Progress
from local.aws.containers.restarts import Restarts
from local.aws.containers.revision import Revision, Room
from local.aws.containers.rollout import RollingPolicy, Rollout
from local.aws.containers.roster import Roster

_logger = logging.getLogger(__name__)


class Fleet:
    """The copies of one component.

    Args:
        name: the component's.
        launcher: starts a copy.
        room: the instances that copies are placed on.
        revision: what the copies are made of.
        desired: how many.
        timings: how patient it is.
        alarm_is_on: whether a CloudWatch alarm is in ALARM, for the updates that watch some.
        on_gone: called once, from the fleet's thread, when it was deleted and its last copy has ended.
    """

    def __init__(
        self,
        *,
        name: str,
        launcher: Launcher,
        room: Room,
        revision: Revision,
        desired: int,
        timings: Timings,
        alarm_is_on: Callable[[str], bool],
        on_gone: Callable[[], None],
    ) -> None:
        self.name = name
        self._launcher = launcher
        self._room = room
        self._timings = timings
        self._alarm_is_on = alarm_is_on
        self._on_gone = on_gone
        self._changed = threading.Condition()
        self._roster = Roster(stop_grace_s=timings.stop_grace_s)
        self._restarts = Restarts(timings=timings)
        self._revision = revision
        self._desired = desired
        self._rollout: Rollout | None = None
        # How many copies of the revision before may be on their way back at a time, while a rollback lasts.
        self._rollback_batch: int | None = None
        self._progress = Progress()
        self._lacking_room_since: float | None = None
        self._closed = False
        self._worker = threading.Thread(target=self._run, name=f"fleet of {name}", daemon=True)

    def start(self) -> None:
        """Begin to create the copies."""
        self._worker.start()

    def state(self) -> FleetState:
        """What is now."""
        with self._changed:
            return self._state()

    def copies(self) -> tuple[Copy, ...]:
        """The copies that have not ended."""
        with self._changed:
            return tuple(self._roster)

    def serving(self) -> tuple[Copy, ...]:
        """The copies that take requests."""
        with self._changed:
            return tuple(self._roster.serving())

    def wait_until(self, met: Callable[[FleetState], bool], timeout_s: float | None = None) -> bool:
        """Wait until a condition on the state holds; False when it did not within the time, or never will."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or met(self._state()), timeout_s)
            return met(self._state())

    def acquire(self, routing: Routing, *, without: Collection[Copy] = ()) -> Copy | None:
        """Choose a copy for a request and count the request there; None when no copy is in service.

        Args:
            routing: how to choose.
            without: copies that were tried already.
        """
        with self._changed:
            chosen = self._roster.choose(routing, without)
            if chosen is not None:
                chosen.outstanding += 1
            return chosen

    def release(self, copy: Copy) -> None:
        """A request that ``acquire`` counted has ended."""
        with self._changed:
            copy.outstanding -= 1
            if copy.drain_until is not None:
                self._changed.notify_all()

    def scale(self, desired: int) -> None:
        """Have another number of copies, 0 included.

        Raises:
            FleetBusyError: it is creating, updating or deleting, or has failed.
        """
        with self._changed:
            self._begin_update()
            self._desired = desired

    def roll(self, revision: Revision, *, policy: RollingPolicy, desired: int | None = None) -> None:
        """Replace the copies by copies of another revision, never by fewer; go back if they do not come up.

        Args:
            revision: what they shall be made of.
            policy: in which steps.
            desired: have another number of them as well.

        Raises:
            FleetBusyError: it is creating, updating or deleting, or has failed.
        """
        with self._changed:
            self._begin_update()
            self._rollout = Rollout(
                new=revision,
                policy=policy,
                deadline=time.monotonic() + policy.timeout_s,
                desired_before=self._desired,
            )
            self._desired = self._desired if desired is None else desired

    def delete(self) -> None:
        """End all copies, after the requests that are at them, and then the fleet.

        Raises:
            FleetBusyError: it is creating, updating or being deleted.
        """
        with self._changed:
            self._progress.begin_deletion()
            self._changed.notify_all()

    def close(self) -> None:
        """End all copies now, requests or not: this process is ending. Returns at once; ``join`` waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def join(self, timeout_s: float | None = None) -> None:
        """Wait until the fleet's thread has ended: it was deleted or closed, and its last copy has ended."""
        self._worker.join(timeout_s)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._bury_ended()
                if not self._roster and (self._closed or self._progress.status is FleetStatus.DELETING):
                    break
                staying = len(self._roster.staying())
                wanted = self._pursue()
                self._roster.push_out(time.monotonic())
                self._changed.notify_all()
                # What was retired just now may be all that a next step was waiting for.
                if wanted is None and staying == len(self._roster.staying()):
                    self._changed.wait(self._next_look_s())
            # Not under the lock: starting a process takes longer than a request should wait for it.
            if wanted is not None:
                self._start_copy(wanted)
        if not self._closed:
            self._on_gone()

    def _pursue(self) -> Revision | None:
        """Bring what is nearer to what should be. Returns the revision of which one copy more is to be started."""
        if self._closed or self._progress.status is FleetStatus.FAILED:
            self._roster.stop(tuple(self._roster))
        elif self._progress.status is FleetStatus.DELETING:
            self._roster.retire(tuple(self._roster), drain_s=self._timings.delete_drain_s)
        elif late := self._roster.late(time.monotonic()):
            self._give_up_on(late[0])
        elif self._rollout is not None:
            return self._pursue_rollout(self._rollout)
        else:
            return self._pursue_desired()
        return None

    def _pursue_desired(self) -> Revision | None:
        self._retire_surplus(self._roster.of(self._revision), keep=self._desired)
        mine = self._roster.of(self._revision)
        serving = len([copy for copy in self._roster.serving() if copy.revision is self._revision])
        # After a rollback, what is left of the other revision serves until enough of this one does.
        self._retire_surplus(self._roster.not_of(self._revision), keep=max(0, self._desired - serving))
        trouble = self._progress.trouble if serving < self._desired else None
        if serving == self._desired:
            self._rollback_batch = None
        if serving == len(self._roster.staying()) and (serving == self._desired or trouble):
            self._progress.settle(trouble)
        starts_more = self._rollback_batch is None or len(mine) - serving < self._rollback_batch
        return self._revision if len(mine) < self._desired and starts_more and self._may_start() else None

    def _pursue_rollout(self, rollout: Rollout) -> Revision | None:
        now = time.monotonic()
        if objection := self._objection(rollout, now):
            self._roll_back(rollout, objection)
            return self._pursue_desired()
        new, old = self._roster.of(rollout.new), self._roster.not_of(rollout.new)
        serving = len([copy for copy in self._roster.serving() if copy.revision is rollout.new])
        step = rollout.next_step(desired=self._desired, new_ready=serving, old_staying=len(old), now=now)
        self._retire_surplus(old, keep=step.old)
        self._retire_surplus(new, keep=step.new)
        if step.done:
            self._revision, self._rollout = rollout.new, None
            self._progress.settle(None)
            return None
        return rollout.new if len(new) < step.new and self._may_start() else None

    def _objection(self, rollout: Rollout, now: float) -> str | None:
        for alarm in rollout.policy.alarms:
            if self._alarm_is_on(alarm):
                return f"The update was rolled back: the CloudWatch alarm {alarm} is in ALARM."
        if now > rollout.deadline:
            return f"The update was rolled back: it took more than {rollout.policy.timeout_s:g} seconds."
        return None

    def _roll_back(self, rollout: Rollout, reason: str) -> None:
        _logger.warning("component %s: %s", self.name, reason)
        self._roster.stop([copy for copy in self._roster.of(rollout.new) if copy.ready_at is None])
        self._rollout = None
        self._desired = rollout.desired_before
        self._rollback_batch = rollout.policy.rollback_batch(rollout.desired_before)
        self._progress.failure = reason

    def _start_copy(self, revision: Revision) -> None:
        copy_id = self._launcher.new_copy_id()
        # An update may need more room than there is until the old copies are gone.
        if not self._room.reserve(copy_id, revision.needs, beyond=self._rollout is not None):
            with self._changed:
                self._lack_room()
            return
        try:
            copy = self._launcher.launch(copy_id, revision, self._wake)
        except ContainerError as error:
            self._room.release(copy_id)
            with self._changed:
                self._start_failed(revision, str(error))
            return
        _logger.info("component %s: copy %s starts as process %d", self.name, copy_id, copy.pid)
        with self._changed:
            self._lacking_room_since = None
            self._roster.add(copy)

    def _bury_ended(self) -> None:
        for copy in self._roster.take_ended():
            self._room.release(copy.copy_id)
            self._launcher.forget(copy)
            if copy.kill_at is None:
                self._ended_by_itself(copy)

    def _ended_by_itself(self, copy: Copy) -> None:
        exit_code = copy.exit_code or 0
        _logger.warning("component %s: copy %s ended with code %d", self.name, copy.copy_id, exit_code)
        was_ready = copy.ready_at is not None
        if not was_ready and copy.lost_its_port and self._restarts.lost_port():
            return
        lines = copy.output.last_lines
        reason = ended(self.name, exit_code=exit_code, was_ready=was_ready, last_lines=lines)
        if was_ready and (self._rollout is None or copy.revision is not self._rollout.new):
            self._restarts.failed(time.monotonic())
        else:
            self._start_failed(copy.revision, reason)

    def _give_up_on(self, copy: Copy) -> None:
        copy.kill()
        reason = not_ready_in_time(
            self.name, timeout_s=copy.revision.startup_timeout_s, last_lines=copy.output.last_lines
        )
        self._start_failed(copy.revision, reason)

    def _start_failed(self, revision: Revision, reason: str) -> None:
        """A copy did not come up: the end of a new component or of an update, and else a reason to try later."""
        self._restarts.failed(time.monotonic())
        if self._progress.status is FleetStatus.CREATING:
            self._progress.fail(reason)
        elif self._rollout is not None and revision is self._rollout.new:
            self._roll_back(self._rollout, reason)
        else:
            self._progress.trouble = reason

    def _lack_room(self) -> None:
        now = time.monotonic()
        self._restarts.wait(now + self._timings.look_for_room_s)
        if self._lacking_room_since is None:
            self._lacking_room_since = now
        if self._progress.status is not FleetStatus.CREATING:
            self._progress.trouble = NO_CAPACITY
        elif now >= self._lacking_room_since + self._timings.room_wait_s:
            self._progress.fail(NO_CAPACITY)

    def _begin_update(self) -> None:
        self._progress.begin_update()
        self._restarts = Restarts(timings=self._timings)
        self._changed.notify_all()

    def _retire_surplus(self, copies: list[Copy], *, keep: int) -> None:
        self._roster.retire(self._roster.surplus(copies, keep=keep), drain_s=self._timings.drain_s)

    def _may_start(self) -> bool:
        return time.monotonic() >= self._restarts.not_before

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _state(self) -> FleetState:
        current = len(self._roster.serving())
        return FleetState(
            status=self._progress.status,
            desired=self._desired,
            current=current,
            revision=self._revision,
            failure_reason=(self._progress.trouble if current < self._desired else None) or self._progress.failure,
            modified_at=self._progress.modified_at,
        )

    def _next_look_s(self) -> float | None:
        """How long nothing becomes due without a notice; None when only a notice brings work."""
        now = time.monotonic()
        due = [self._restarts.not_before, *self._roster.deadlines()]
        if self._rollout is not None:
            due += [self._rollout.deadline, self._rollout.watching_until or 0.0]
            due += [now + self._timings.look_at_alarms_s] if self._rollout.policy.alarms else []
        later = [when for when in due if when > now]
        return min(later) - now if later else None
