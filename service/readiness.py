"""Whether the service can do its work: is the store readable, is the endpoint there. Asked often, looked at rarely.

Looking never invokes the model: an invocation costs, keeps an endpoint from scaling to zero, and wakes one that has.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

import structlog

import inference_client as llm
from inference_client import ClientOptions, EndpointAddress, EndpointClient
from rag.errors import RagError
from rag.protocols import PassageStore

_LOOK_TIMEOUT_S = 10.0


class Condition(StrEnum):
    """How a part is. `unknown`: this service's role may not ask; the first question will tell."""

    OK = "ok"
    EMPTY = "empty"
    UNKNOWN = "unknown"
    NOT_IN_SERVICE = "not_in_service"
    UNREACHABLE = "unreachable"
    UNREADABLE = "unreadable"


_GOOD = frozenset({Condition.OK, Condition.EMPTY, Condition.UNKNOWN})


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """What a look found."""

    store: Condition
    endpoint: Condition

    @property
    def is_ready(self) -> bool:
        """Whether questions can be answered, as far as one can see."""
        return {self.store, self.endpoint} <= _GOOD


class ReadinessCheck:
    """Looks, and remembers what it saw.

    Args:
        store: looked at by its size.
        address: gives the endpoint as it is now.
        ttl_s: how long a result is used.
    """

    def __init__(self, *, store: PassageStore, address: Callable[[], EndpointAddress], ttl_s: float) -> None:
        self._store = store
        self._address = address
        self._ttl_s = ttl_s
        self._looking = asyncio.Lock()
        self._seen: tuple[float, Readiness] | None = None
        self._client: EndpointClient | None = None

    async def look(self) -> Readiness:
        """Return how things are; callers who ask at the same time share one look."""
        async with self._looking:
            if self._seen is None or time.monotonic() - self._seen[0] >= self._ttl_s:
                store, endpoint = await asyncio.gather(
                    _in_time(self._look_at_store(), Condition.UNREADABLE),
                    _in_time(asyncio.to_thread(self._look_at_endpoint), Condition.UNREACHABLE),
                )
                self._seen = (time.monotonic(), Readiness(store=store, endpoint=endpoint))
                if not self._seen[1].is_ready:
                    structlog.get_logger(__name__).warning("not_ready", store=store.value, endpoint=endpoint.value)
            return self._seen[1]

    async def _look_at_store(self) -> Condition:
        try:
            size = await self._store.size()
        except RagError:
            return Condition.UNREADABLE
        return Condition.OK if size.passages else Condition.EMPTY

    def _look_at_endpoint(self) -> Condition:
        address = self._address()
        if self._client is None or self._client.address != address:
            options = ClientOptions(connect_timeout_s=2.0, read_timeout_s=5.0, max_attempts=1)
            self._client = EndpointClient(address, options=options)
        try:
            self._client.wait_until_in_service(timeout_s=0.0)
        except (llm.AccessDeniedError, llm.AmbiguousComponentError):
            return Condition.UNKNOWN
        except (
            llm.NotInServiceError,
            llm.DeploymentFailedError,
            llm.EndpointNotFoundError,
            llm.ComponentNotFoundError,
        ):
            return Condition.NOT_IN_SERVICE
        except llm.InferenceClientError:
            return Condition.UNREACHABLE
        return Condition.OK

    def close(self) -> None:
        """Close the connections that looking used."""
        if self._client is not None:
            self._client.close()


async def _in_time(look: Awaitable[Condition], otherwise: Condition) -> Condition:
    try:
        async with asyncio.timeout(_LOOK_TIMEOUT_S):
            return await look
    except TimeoutError:
        return otherwise
