"""A rolling update, as a pure decision: how many copies of the old and of the new revision there should be now.

It knows no process and no thread; the fleet asks it and acts. The rule is AWS's: in each step start a batch of new
copies, wait until they answer, retire as many old ones, wait the interval and go on.
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-rolling.html
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from local.aws.containers.revision import Revision


@dataclass(frozen=True, kw_only=True)
class RollingPolicy:
    """How an update is rolled out.

    Attributes:
        batch_copies: how many copies change in one step, or None.
        batch_percent: the same as a part of all copies.
        rollback_copies: how many old copies are brought back in one step of a rollback, or None.
        rollback_percent: the same as a part of all copies; with neither all at once.
        wait_s: how long to watch after each step.
        timeout_s: how long the whole may take before it is rolled back.
        alarms: CloudWatch alarms that roll it back when one is in ALARM.
    """

    batch_copies: int | None = None
    batch_percent: int | None = None
    rollback_copies: int | None = None
    rollback_percent: int | None = None
    wait_s: float = 0.0
    timeout_s: float = 28_800.0
    alarms: Sequence[str] = ()

    def batch(self, copies: int) -> int:
        """How many of ``copies`` change in one step: at least one, never more than there are."""
        return _size(copies, number=self.batch_copies, percent=self.batch_percent or 0)

    def rollback_batch(self, copies: int) -> int:
        """How many of ``copies`` are brought back in one step: at least one, never more than there are."""
        return _size(copies, number=self.rollback_copies, percent=self.rollback_percent or 100)


def _size(copies: int, *, number: int | None, percent: int) -> int:
    return max(1, min(number or math.ceil(copies * percent / 100), copies))


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a rolling update wants now: so many copies of each revision; or it is done."""

    new: int
    old: int
    done: bool = False


@dataclass(kw_only=True)
class Rollout:
    """A rolling update under way.

    Attributes:
        new: what they shall be made of.
        policy: how.
        deadline: when it has taken too long (monotonic clock).
        desired_before: how many copies there were to be before it.
        moved: how many copies are new for good.
        watching_until: until when the last step is watched (monotonic clock), or None.
    """

    new: Revision
    policy: RollingPolicy
    deadline: float
    desired_before: int
    moved: int = 0
    watching_until: float | None = field(default=None)

    def next_step(self, *, desired: int, new_ready: int, old_staying: int, now: float) -> Step:
        """Decide.

        Args:
            desired: copies in all.
            new_ready: new copies that answer.
            old_staying: old copies that still take requests; those that only finish theirs are on the way out.
            now: monotonic clock.
        """
        if self.watching_until is not None and now < self.watching_until:
            return Step(new=self.moved, old=desired - self.moved)
        self.watching_until = None
        if self.moved >= desired:
            return Step(new=desired, old=0, done=old_staying == 0)
        aim = min(desired, self.moved + self.policy.batch(desired))
        if new_ready < aim:
            return Step(new=aim, old=desired - self.moved)
        if old_staying > desired - aim:
            return Step(new=aim, old=desired - aim)
        self.moved = aim
        self.watching_until = now + self.policy.wait_s
        return self.next_step(desired=desired, new_ready=new_ready, old_staying=old_staying, now=now)
