"""Work that ends when nobody waits for it any more."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

Result = TypeVar("Result")


async def unless_left(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """Run some work; cancel it when the caller leaves.

    Args:
        request: whose body has been read.
        work: what to do.

    Raises:
        ClientDisconnect: the caller left; the work was cancelled and has ended.
    """
    asked = asyncio.current_task()
    assert asked is not None  # noqa: S101  a coroutine of asyncio's is run by a task
    cancelled_before = asked.cancelling()
    has_left = False

    async def watch() -> None:
        nonlocal has_left
        await _left(request)
        has_left = True
        asked.cancel()

    watching = asyncio.create_task(watch())
    try:
        return await work
    except asyncio.CancelledError:
        # By the watch and nobody else, told apart as asyncio.timeout does it.
        if has_left and asked.uncancel() <= cancelled_before:
            raise ClientDisconnect from None
        raise
    finally:
        watching.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
