"""Server-sent events: `data: …` and a blank line, no names, and a comment after idle seconds where there is one."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

DONE: Final = b"data: [DONE]\n\n"
_COMMENT: Final = b":\n\n"


def encode_json(value: Any) -> bytes:
    """Return JSON without blanks and escapes."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def encode_event(value: Any) -> bytes:
    """Return one event."""
    return b"data: " + encode_json(value) + b"\n\n"


class EventStream(StreamingResponse):
    """An answer that consists of events. When the client leaves, the events are closed at once."""

    def __init__(self, events: AsyncGenerator[bytes], *, headers: Mapping[str, str], idle_s: float | None) -> None:
        """Answer with events.

        Args:
            events: encoded.
            headers: beyond those that every stream has.
            idle_s: after this time without an event a comment is sent; None for never.
        """
        self._events = keep_alive(events, idle_s=idle_s)
        super().__init__(
            self._events, headers={"content-type": "text/event-stream", "cache-control": "no-cache", **headers}
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        async with aclosing(self._events):
            await super().__call__(scope, receive, send)


async def keep_alive(events: AsyncGenerator[bytes], *, idle_s: float | None) -> AsyncGenerator[bytes]:
    """Give events as they come, and a comment whenever none came for a while."""
    arrived: asyncio.Queue[bytes | None] = asyncio.Queue()
    # A task of its own: it can be stopped in the middle of waiting for an event, and closes the events then.
    forwarding = asyncio.ensure_future(_forward(events, arrived))
    try:
        while True:
            try:
                event = await asyncio.wait_for(arrived.get(), idle_s)
            except TimeoutError:
                yield _COMMENT
                continue
            if event is None:
                break
            yield event
        await forwarding
    finally:
        forwarding.cancel()
        await asyncio.wait({forwarding})


async def _forward(events: AsyncGenerator[bytes], arrived: asyncio.Queue[bytes | None]) -> None:
    try:
        async with aclosing(events):
            async for event in events:
                arrived.put_nowait(event)
    finally:
        arrived.put_nowait(None)
