from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.aws.containers.revision import Needs
from local.aws.sagemaker.instances import InstanceRange, Instances
from model.hardware import find_instance


def instances(type_: str = "ml.g5.12xlarge", most: int = 2, least: int = 0) -> Instances:
    return Instances(instance=find_instance(type_), range_=InstanceRange(initial=1, least=least, most=most))


def test_copies_fill_one_instance_after_the_other() -> None:
    there = instances()
    assert there.count == 1
    placed = [there.reserve(str(number), Needs(accelerators=2), beyond=False) for number in range(5)]
    assert placed == [True, True, True, True, False]
    assert there.count == 2
    there.release("0")
    assert there.reserve("again", Needs(accelerators=1), beyond=False)


def test_memory_and_cores_count_too() -> None:
    there = instances(most=1)
    assert there.reserve("a", Needs(accelerators=1, memory_mib=150_000), beyond=False)
    assert not there.reserve("b", Needs(accelerators=1, memory_mib=50_000), beyond=False)
    assert not there.reserve("c", Needs(accelerators=1, cpu_cores=49), beyond=False)


def test_an_update_may_go_beyond_the_range() -> None:
    there = instances("ml.g5.xlarge", most=1)
    assert there.reserve("old", Needs(accelerators=1), beyond=False)
    assert not there.reserve("new", Needs(accelerators=1), beyond=False)
    assert there.reserve("new", Needs(accelerators=1), beyond=True)
    assert there.count == 2


def test_there_are_never_fewer_than_the_least() -> None:
    there = instances(least=1)
    there.reserve("a", Needs(accelerators=1), beyond=False)
    there.release("a")
    assert there.count == 1


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of the code
@given(st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=40))
def test_an_instance_never_holds_more_than_it_has(wanted: list[tuple[int, bool]]) -> None:
    there = instances(most=3)
    held: dict[str, int] = {}
    for number, (accelerators, let_go) in enumerate(wanted):
        if there.reserve(str(number), Needs(accelerators=accelerators), beyond=False):
            held[str(number)] = accelerators
        if let_go and held:
            gone = next(iter(held))
            there.release(gone)
            del held[gone]
        assert sum(held.values()) <= 3 * 4
        assert there.count <= 3
