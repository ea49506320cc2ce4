"""Server-sent events as an HTTP answer: sent as they are made, and a caller who leaves ends what makes them.

https://html.spec.whatwg.org/multipage/server-sent-events.html. What the events say is their router's business.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import anyio
from pydantic_core import to_json
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

# Load balancers and proxies close a connection that is silent for a minute.
KEEP_ALIVE_S = 15.0
_KEEP_ALIVE = b": still here\n\n"
# What a caller who reads slowly can make us hold.
_MAX_PENDING_BYTES = 64 * 1024
# How long events that come without a pause are collected.
_MAX_HELD_S = 0.002


def encode_event(data: object, *, event: str = "") -> bytes:
    """Return one event; its data is one line of JSON."""
    name = f"event: {event}\n".encode() if event else b""
    return b"%sdata: %s\n\n" % (name, to_json(data))


class EventStreamResponse(StreamingResponse):
    """Streams encoded events.

    Nothing waits for company; but events that are made without a pause within two milliseconds, as an engine's tokens
    that arrived in one packet, go out in one write.

    Args:
        events: what to send. It is closed at the end, also when the caller leaves.
        status_code: FastAPI's description looks for it.
        keep_alive_s: the longest silence; a comment ends it.
    """

    media_type = "text/event-stream"

    def __init__(
        self, events: AsyncGenerator[bytes, None], status_code: int = 200, *, keep_alive_s: float = KEEP_ALIVE_S
    ) -> None:
        # X-Accel-Buffering keeps nginx from collecting the events.
        super().__init__(events, status_code, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._events = events
        self._keep_alive_s = keep_alive_s
        self._pending = bytearray()
        self._sent_at_s = 0.0
        self._is_whole = False
        self._has_pending = asyncio.Event()
        self._has_room = asyncio.Event()

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Send everything, unless the caller leaves."""
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            self._sent_at_s = time.monotonic()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._end_when_left, receive, tasks.cancel_scope)
                tasks.start_soon(self._send_pending, send, tasks.cancel_scope)
                async for event in self._events:
                    self._pending += event
                    self._has_pending.set()
                    # For the sender: what is made without a pause would wait until all of it is made.
                    if time.monotonic() - self._sent_at_s > _MAX_HELD_S:
                        await asyncio.sleep(0)
                    if len(self._pending) > _MAX_PENDING_BYTES:
                        self._has_room.clear()
                        await self._has_room.wait()
                self._is_whole = True
                self._has_pending.set()
        finally:
            # Not left to the garbage collector: it is this that stops the generation.
            with anyio.CancelScope(shield=True):
                await self._events.aclose()

    async def _end_when_left(self, receive: Receive, whole: anyio.CancelScope) -> None:
        await self.listen_for_disconnect(receive)
        whole.cancel()

    async def _send_pending(self, send: Send, whole: anyio.CancelScope) -> None:
        more = True
        while more:
            try:
                async with asyncio.timeout(self._keep_alive_s):
                    await self._has_pending.wait()
            except TimeoutError:
                self._pending += _KEEP_ALIVE
            self._has_pending.clear()
            body, self._pending, more = bytes(self._pending), bytearray(), not self._is_whole
            self._has_room.set()
            self._sent_at_s = time.monotonic()
            await send({"type": "http.response.body", "body": body, "more_body": more})
        # Nobody is watched any more.
        whole.cancel()


def event_stream_answer(description: str, *, names: Sequence[str], example: str) -> dict[int | str, dict[str, Any]]:
    """Return what the OpenAPI description says about an answer that is an event stream.

    Args:
        description: what the events mean.
        names: the events' names; none for events without one.
        example: some of the stream.
    """
    event = {
        "type": "object",
        "properties": {
            "data": {"type": "string", "contentMediaType": "application/json"},
            **({"event": {"type": "string", "enum": list(names)}} if names else {}),
        },
        "required": ["data", "event"] if names else ["data"],
    }
    return {
        200: {
            "description": description,
            "content": {"text/event-stream": {"itemSchema": event, "example": example}},
        }
    }
