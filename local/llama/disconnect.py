"""How an answer is given up when its client leaves."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

T = TypeVar("T")


async def unless_disconnected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Return what comes of the work; give the work up when the client leaves.

    Args:
        request: whose body has been read.
        work: not started.

    Raises:
        ClientDisconnect: the client left.
    """
    task, departure = asyncio.ensure_future(work), asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({task, departure}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientDisconnect
        return task.result()
    finally:
        departure.cancel()
        task.cancel()
        await asyncio.gather(task, departure, return_exceptions=True)
