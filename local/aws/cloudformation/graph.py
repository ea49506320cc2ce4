"""The order in which resources are worked on: after what they need, several at a time.

It knows names and edges, nothing of what is done with them.
"""

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping
from graphlib import CycleError, TopologicalSorter

from local.aws.cloudformation.errors import ValidationError

_LOG = logging.getLogger(__name__)

Dependencies = Mapping[str, frozenset[str]]


def in_order(dependencies: Dependencies) -> list[str]:
    """The names, each after all that it depends on.

    Raises:
        ValidationError: some depend on each other.
    """
    try:
        return list(TopologicalSorter(dependencies).static_order())
    except CycleError as error:
        names = ", ".join(sorted(set(error.args[1])))
        raise ValidationError(f"Circular dependency between resources: [{names}]") from error


def reversed_dependencies(dependencies: Dependencies) -> dict[str, frozenset[str]]:
    """The same edges the other way round: what is made first is deleted last."""
    return {name: frozenset(other for other, needs in dependencies.items() if name in needs) for name in dependencies}


def run_in_order(
    dependencies: Dependencies, task: Callable[[str], bool], *, max_parallel: int, stop_on_failure: bool
) -> None:
    """Run a task for every name after those that it depends on, and return when no more can be run.

    Args:
        dependencies: the names, each with those that come before it.
        task: does the work of one name and says whether it succeeded; what depends on a failed name is not run.
        max_parallel: how many run at the same time, each in a thread of its own.
        stop_on_failure: start nothing new after a failure, rather than going on with what does not depend on it.
    """
    sorter = TopologicalSorter(dependencies)
    sorter.prepare()
    ready: deque[str] = deque()
    finished: queue.SimpleQueue[tuple[str, bool]] = queue.SimpleQueue()
    running, failed = 0, False

    def work(name: str) -> None:
        try:
            succeeded = task(name)
        except Exception:
            _LOG.exception("the task of %s failed", name)
            succeeded = False
        finished.put((name, succeeded))

    while sorter.is_active():
        ready.extend(sorter.get_ready())
        while ready and running < max_parallel and not (failed and stop_on_failure):
            threading.Thread(target=work, args=(ready.popleft(),), daemon=True).start()
            running += 1
        if running == 0:
            return
        name, succeeded = finished.get()
        running -= 1
        failed = failed or not succeeded
        if succeeded:
            sorter.done(name)
