"""When a failed request is sent again, and after what pause. It decides; whoever asks does the sleeping.

botocore's own retries are off (``_aws.py``): they re-send after a read timeout, and a long generation would be computed
twice.
"""

import random
import time
from collections.abc import Callable

from ._component import ComponentChoice
from ._options import ClientOptions, Waiting
from .errors import ComponentNotFoundError, InferenceClientError, ModelNotReadyError, NoCapacityError

_LONGEST_BACKOFF_S = 8.0
_FIRST_CAPACITY_PAUSE_S = 1.0
_LONGEST_CAPACITY_PAUSE_S = 10.0


class RetrySchedule:
    """The attempts of one request, all for the component that ``component`` names.

    Two budgets, kept apart: ``max_attempts`` for hiccups, ``wait_for_capacity_s`` for a component without a
    running copy.
    """

    def __init__(
        self,
        options: ClientOptions,
        component: ComponentChoice,
        *,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._options = options
        self._component = component
        self._clock = clock
        self._jitter = jitter
        self._started_s = clock()
        self._attempts = 0
        self._capacity_waits = 0
        self._looked_up_again = False

    def pause_after(self, error: InferenceClientError) -> float:
        """How many seconds to pause before the next attempt.

        Raises:
            InferenceClientError: ``error`` itself, when there is to be no further attempt.
        """
        if isinstance(error, NoCapacityError | ModelNotReadyError) and self._options.wait_for_capacity_s > 0:
            return self._capacity_pause(error)
        if isinstance(error, ComponentNotFoundError) and not self._looked_up_again and self._component.forget():
            # A deployment has replaced the component since it was looked up: look once more.
            self._looked_up_again = True
            return 0.0
        self._attempts += 1
        if isinstance(error, NoCapacityError) or not error.resend_is_free:
            raise error
        if self._attempts >= self._options.max_attempts:
            raise error
        longest_s = min(self._options.backoff_s * 2.0 ** (self._attempts - 1), _LONGEST_BACKOFF_S)
        return longest_s * (0.5 + 0.5 * self._jitter())

    def _capacity_pause(self, error: InferenceClientError) -> float:
        elapsed_s = self._clock() - self._started_s
        left_s = self._options.wait_for_capacity_s - elapsed_s
        if left_s <= 0:
            raise error
        longest_s = min(_FIRST_CAPACITY_PAUSE_S * 1.5**self._capacity_waits, _LONGEST_CAPACITY_PAUSE_S)
        self._capacity_waits += 1
        pause_s = min(longest_s * (0.5 + 0.5 * self._jitter()), left_s)
        if self._options.on_wait is not None:
            self._options.on_wait(
                Waiting(elapsed_s=elapsed_s, limit_s=self._options.wait_for_capacity_s, pause_s=pause_s, reason=error)
            )
        return pause_s
