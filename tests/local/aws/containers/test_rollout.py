import pytest

from local.aws.containers.revision import Revision
from local.aws.containers.rollout import RollingPolicy, Rollout, Step

NEW = Revision(image="new", environment={}, startup_timeout_s=1)


def rollout(**policy: float) -> Rollout:
    return Rollout(new=NEW, policy=RollingPolicy(**policy), deadline=1e9, desired_before=0)  # type: ignore[arg-type]


def play(rolling: Rollout, *, desired: int, old: int) -> list[tuple[int, int]]:
    """Do at once what each step wants; return how many new and old copies there were on the way."""
    new, now, seen = 0, 0.0, [(0, old)]
    for _ in range(100):
        step = rolling.next_step(desired=desired, new_ready=new, old_staying=old, now=now)
        if step.done:
            return seen
        new, old, now = max(new, step.new), min(old, step.old), now + 1
        if seen[-1] != (new, old):
            seen.append((new, old))
    raise AssertionError(f"it never ends: {seen}")


@pytest.mark.parametrize("desired", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("batch", [1, 2, 3, 100])
def test_every_copy_is_replaced_and_there_are_never_fewer(desired: int, batch: int) -> None:
    seen = play(rollout(batch_copies=batch), desired=desired, old=desired)
    assert seen[-1] == (desired, 0)
    assert all(desired <= new + old <= desired + batch for new, old in seen)


def test_old_copies_go_only_when_the_new_ones_are_ready() -> None:
    rolling = rollout(batch_copies=2)
    assert rolling.next_step(desired=4, new_ready=0, old_staying=4, now=0) == Step(new=2, old=4)
    assert rolling.next_step(desired=4, new_ready=1, old_staying=4, now=0) == Step(new=2, old=4)
    assert rolling.next_step(desired=4, new_ready=2, old_staying=4, now=0) == Step(new=2, old=2)


def test_the_next_batch_waits_for_the_interval_after_the_old_ones_have_gone() -> None:
    rolling = rollout(batch_copies=1, wait_s=10)
    assert rolling.next_step(desired=2, new_ready=1, old_staying=2, now=0) == Step(new=1, old=1)
    assert rolling.next_step(desired=2, new_ready=1, old_staying=1, now=5) == Step(new=1, old=1)
    assert rolling.next_step(desired=2, new_ready=1, old_staying=1, now=14) == Step(new=1, old=1)
    assert rolling.next_step(desired=2, new_ready=1, old_staying=1, now=15) == Step(new=2, old=1)


def test_a_batch_is_a_number_or_a_part_and_at_least_one() -> None:
    assert RollingPolicy().batch(4) == 1
    assert RollingPolicy(batch_copies=3).batch(2) == 2
    assert RollingPolicy(batch_percent=50).batch(5) == 3
    assert RollingPolicy(batch_percent=5).batch(2) == 1
    assert RollingPolicy().rollback_batch(4) == 4
    assert RollingPolicy(rollback_copies=1).rollback_batch(4) == 1
    assert RollingPolicy(rollback_percent=50).rollback_batch(5) == 3


def test_with_no_copy_there_is_nothing_to_do() -> None:
    assert rollout().next_step(desired=0, new_ready=0, old_staying=0, now=0).done
