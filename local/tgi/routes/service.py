"""What every route shares: the parts of the running server, and how an answer is given up when its client leaves."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from local.tgi.events import encode_json
from local.tgi.inference import Inference
from local.tgi.limits import Limits
from local.tgi.metrics import Metrics
from local.tgi.settings import Settings
from local.tgi.weights import Weights

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Service:
    """The parts of a running server."""

    inference: Inference
    settings: Settings
    limits: Limits
    weights: Weights
    metrics: Metrics


def respond_json(value: Any, *, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON as TGI writes it."""
    return Response(encode_json(value), headers=headers, media_type="application/json")


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
