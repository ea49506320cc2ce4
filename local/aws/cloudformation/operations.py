"""Operations on stacks: each in a thread of its own, one at a time for a stack.

A request is answered when its operation has settled or after a short wait, whichever comes first. A client that then
asks for the stack's state finds a small stack done, and does not sleep through its polling interval (5 s in the CDK
CLI) for nothing.
"""

import logging
import threading
from collections.abc import Callable

from local.aws import internal_failure
from local.aws.cloudformation.stack import Stack

_LOG = logging.getLogger(__name__)


class Operations:
    """Runs operations."""

    def __init__(self) -> None:
        self._threads: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def start(self, stack: Stack, run: Callable[[], None], *, settle_s: float) -> None:
        """Start an operation after the one at work on the stack, and wait at most ``settle_s`` for it."""
        with self._lock:
            previous = self._threads.get(stack.id)
            thread = threading.Thread(
                target=self._run, args=(stack, run, previous), name=f"stack {stack.name}", daemon=True
            )
            self._threads[stack.id] = thread
            thread.start()
        thread.join(settle_s)

    @staticmethod
    def _run(stack: Stack, run: Callable[[], None], previous: threading.Thread | None) -> None:
        if previous is not None:
            previous.join()
        try:
            run()
        except Exception as error:
            _LOG.exception("an operation on stack %s failed", stack.name)
            failed = stack.status.removesuffix("_IN_PROGRESS").removesuffix("_COMPLETE_CLEANUP") + "_FAILED"
            stack.set_status(failed, internal_failure.describe(error))
