"""How a client behaves towards the network; every wait is finite."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ._payload import SAGEMAKER_MAX_BODY_BYTES, TGI_MAX_BODY_BYTES
from .errors import ConfigurationError, InferenceClientError


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A client is about to wait for capacity or readiness; what a progress line needs.

    Attributes:
        elapsed_s: since the wait began.
        limit_s: when it will be given up.
        pause_s: until the next try.
        reason: the error, or the status, that is waited out.
    """

    elapsed_s: float
    limit_s: float
    pause_s: float
    reason: InferenceClientError | str


@dataclass(frozen=True, kw_only=True)
class ClientOptions:
    """Time-outs, retries and sizes of a client.

    Attributes:
        connect_timeout_s: to make a connection.
        read_timeout_s: the longest silence while an answer is awaited or read. SageMaker gives a model 60 s for an
            answer in one piece; 70 lets its own error arrive first. A request is never re-sent after it: the model may
            still be generating.
        total_timeout_s: for one whole answer. SageMaker ends a stream after 8 minutes.
        max_attempts: how often a request is sent that was refused before anything was computed (no connection,
            throttled, 503, model loading, engine overloaded). Pauses in between grow from ``backoff_s`` and are
            jittered.
        wait_for_capacity_s: how long to keep trying while the component has no running copy or its model is loading; 0
            raises NoCapacityError at once. Waking a component from zero takes minutes.
        on_wait: called before each pause of that wait; what it raises ends the wait.
        max_connections: how many requests one client can have open at once.
        max_body_bytes: refuse larger requests before sending; TGI's limit as deployed, at most SageMaker's.
    """

    connect_timeout_s: float = 5.0
    read_timeout_s: float = 70.0
    total_timeout_s: float = 600.0
    max_attempts: int = 3
    backoff_s: float = 0.5
    wait_for_capacity_s: float = 0.0
    on_wait: Callable[[Waiting], Any] | None = None
    max_connections: int = 256
    max_body_bytes: int = TGI_MAX_BODY_BYTES

    def __post_init__(self) -> None:
        for name in ("connect_timeout_s", "read_timeout_s", "total_timeout_s", "max_attempts", "max_connections"):
            self._check(name, "a number > 0", getattr(self, name) > 0)
        for name in ("backoff_s", "wait_for_capacity_s"):
            self._check(name, "a number >= 0", getattr(self, name) >= 0)
        self._check(
            "max_body_bytes",
            f"1 to {SAGEMAKER_MAX_BODY_BYTES}, SageMaker's limit",
            1 <= self.max_body_bytes <= SAGEMAKER_MAX_BODY_BYTES,
        )

    def _check(self, name: str, allowed: str, is_allowed: bool) -> None:
        if not is_allowed:
            raise ConfigurationError(f"{name} is {getattr(self, name)!r}; allowed: {allowed}.")
