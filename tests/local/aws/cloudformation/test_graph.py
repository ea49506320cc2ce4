import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.aws.cloudformation.errors import ValidationError
from local.aws.cloudformation.graph import in_order, run_in_order

# Graphs without cycles: each name may need earlier ones only.
_GRAPHS = (
    st.integers(0, 8)
    .flatmap(
        lambda size: st.tuples(
            *(st.frozensets(st.integers(0, max(0, index - 1)), max_size=index) for index in range(size))
        )
    )
    .map(lambda needs: {f"n{i}": frozenset(f"n{j}" for j in need if j < i) for i, need in enumerate(needs)})
)


@given(graph=_GRAPHS)
def test_every_name_comes_after_what_it_needs(graph: dict[str, frozenset[str]]) -> None:
    order = in_order(graph)
    assert sorted(order) == sorted(graph)
    assert all(order.index(need) < order.index(name) for name, needs in graph.items() for need in needs)


def test_a_circle_is_refused_with_its_names() -> None:
    with pytest.raises(ValidationError, match=r"Circular dependency between resources: \[A, B\]"):
        in_order({"A": frozenset({"B"}), "B": frozenset({"A"}), "C": frozenset()})


@given(graph=_GRAPHS, failing=st.sets(st.integers(0, 8)), parallel=st.integers(1, 4))
@settings(max_examples=50, deadline=None)
def test_what_depends_on_a_failure_is_never_run_and_all_else_is(
    graph: dict[str, frozenset[str]], failing: set[int], parallel: int
) -> None:
    done: list[str] = []
    lock = threading.Lock()

    def task(name: str) -> bool:
        with lock:
            assert graph[name] <= set(done)
        succeeds = int(name[1:]) not in failing
        if succeeds:
            with lock:
                done.append(name)
        return succeeds

    run_in_order(graph, task, max_parallel=parallel, stop_on_failure=False)

    def can_be_done(name: str) -> bool:
        return int(name[1:]) not in failing and all(can_be_done(need) for need in graph[name])

    assert sorted(done) == sorted(name for name in graph if can_be_done(name))


def test_independent_names_run_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=10)

    def task(_: str) -> bool:
        together.wait()
        return True

    run_in_order(dict.fromkeys("abc", frozenset()), task, max_parallel=3, stop_on_failure=True)


def test_no_more_than_allowed_run_at_the_same_time() -> None:
    running, most = 0, 0
    lock = threading.Lock()

    def task(_: str) -> bool:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return True

    run_in_order(dict.fromkeys("abcdef", frozenset()), task, max_parallel=2, stop_on_failure=True)
    assert most == 2


def test_nothing_new_is_started_after_a_failure_where_that_is_asked() -> None:
    done: list[str] = []

    def task(name: str) -> bool:
        done.append(name)
        return False

    run_in_order(dict.fromkeys("abc", frozenset()), task, max_parallel=1, stop_on_failure=True)
    assert done == ["a"]


def test_a_task_that_raises_counts_as_failed() -> None:
    def task(_: str) -> bool:
        raise RuntimeError("a fault")

    run_in_order({"a": frozenset(), "b": frozenset({"a"})}, task, max_parallel=1, stop_on_failure=False)
