"""One invocation: a copy is chosen and counted, the container is asked, and what comes back is passed on.

Whole answers and streams begin and fail in the same way here; they differ in how an answer is passed on. It does not
know ASGI's receiving side, nor how the caller was found.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http.client import HTTPException
from typing import Protocol

import httpx

from local.aws.containers.adapters import ADAPTER_HEADER, give
from local.aws.containers.container_copy import Copy
from local.aws.runtime.container_client import ContainerClient
from local.aws.runtime.errors import ModelError, NoCapacity, ServiceUnavailable
from local.aws.runtime.metrics import InvocationMetrics, Invoked
from local.aws.sagemaker.hosting import HostedComponent
from local.aws.wire.place import Place

# AWS's own sentences.
_TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the latency metrics for "
    "each container in Amazon CloudWatch, resolve the issue, and try again."
)
_PROCESS_EXITED = "An error occurred while handling request as the model process exited."


class PassOn(Protocol):
    """Passes a container's answer on to the caller."""

    async def __call__(self, response: httpx.Response, *, variant: str) -> None:
        """Read the answer and send it."""
        ...


class Invocation:
    """One request to a component.

    Args:
        place: where.
        component: that it is for.
        client: to containers.
        metrics: that count it.
    """

    def __init__(
        self,
        *,
        place: Place,
        component: HostedComponent,
        client: ContainerClient,
        metrics: InvocationMetrics,
    ) -> None:
        self._place = place
        self._component = component
        self._client = client
        self._metrics = metrics
        self._started = time.monotonic()
        self._invoked = Invoked(
            place=place, endpoint=component.endpoint.name, variant=component.variant, component=component.name
        )

    async def run(self, *, body: bytes, headers: Mapping[str, str], timeout_s: float, pass_on: PassOn) -> None:
        """Ask a copy and pass its answer on. Cancelling it breaks the container's connection off.

        Args:
            body: for the container.
            headers: for the container.
            timeout_s: for the whole.
            pass_on: what becomes of an answer that is no error. It sees to what goes wrong after it has begun.

        Raises:
            NoCapacity: no copy is in service.
            ServiceUnavailable: no copy took the connection.
            ModelError: the container answered 4xx or 5xx, or not at all.
        """
        asked = time.monotonic()
        status = 0
        try:
            async with asyncio.timeout(timeout_s), self._answer(body, headers) as response:
                status = response.status_code
                if status >= 400:
                    raise self._model_error(status, (await response.aread()).decode(errors="replace"))
                await pass_on(response, variant=self._component.variant)
        except TimeoutError as error:
            status = 0
            raise self._model_error(0, _TIMED_OUT) from error
        except httpx.TransportError as error:
            status = 0
            raise self._model_error(0, _PROCESS_EXITED) from error
        except ModelError as error:
            status = error.original_status
            raise
        except (NoCapacity, ServiceUnavailable):
            asked = 0.0  # no model was asked
            raise
        finally:
            if asked:
                now = time.monotonic()
                self._metrics.answered(
                    self._invoked, status=status, model_s=now - asked, overhead_s=asked - self._started
                )

    @asynccontextmanager
    async def _answer(self, body: bytes, headers: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        """The head of a container's answer. The request is counted at its copy until the answer is left."""
        fleet, tried = self._component.fleet, list[Copy]()
        if self._component.adapter is not None:
            headers = {**headers, ADAPTER_HEADER: self._component.adapter.name}
        while True:
            copy = fleet.acquire(self._component.routing, without=tried) if self._component.serves else None
            if copy is None and tried:
                raise ServiceUnavailable("No copy of the inference component took the connection.")
            if copy is None:
                self._metrics.had_no_capacity(self._invoked)
                raise NoCapacity
            try:
                await self._give_adapter(copy)
                response = await self._client.send(copy.url, body=body, headers=headers)
                try:
                    yield response
                finally:
                    await response.aclose()
            except (httpx.ConnectError, httpx.ConnectTimeout, ConnectionRefusedError):
                # It died and nobody has noticed yet. It has not seen the request: another copy can have it.
                tried.append(copy)
            else:
                return
            finally:
                fleet.release(copy)

    async def _give_adapter(self, copy: Copy) -> None:
        """See to it that a copy that came after an adapter has it, too. It costs a request only the first time.

        Raises:
            ModelError: the container does not take it.
        """
        adapter = self._component.adapter
        if adapter is None or copy.adapters.get(adapter.name) == adapter.folder:
            return
        try:
            refusal = await asyncio.to_thread(give, copy, adapter)
        except ConnectionRefusedError:
            raise
        except (OSError, HTTPException) as error:
            raise self._model_error(0, _PROCESS_EXITED) from error
        if refusal is not None:
            raise self._model_error(refusal.status, refusal.text)

    def _model_error(self, status: int, message: str) -> ModelError:
        return ModelError(place=self._place, log_group=self._component.log_group, status=status, message=message)
