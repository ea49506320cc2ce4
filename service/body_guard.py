"""A request's body must not be too large, and must keep coming: who sends a byte a minute holds a connection.

FastAPI has a limit of its own, which answers in plain text; here it becomes a problem document as everything else.
"""

import asyncio
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The rest of the body is not read: the connection is of no more use.
_CLOSE = {"Connection": "close"}


class BodyGuard:
    """Wraps an application.

    Args:
        app: what reads the bodies.
        max_bytes: of a body.
        max_bytes_at: for paths that take more, or less.
        timeout_s: the longest silence.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, max_bytes_at: Mapping[str, int], timeout_s: float) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._max_bytes_at = max_bytes_at
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            max_bytes = self._max_bytes_at.get(scope["path"], self._max_bytes)
            receive = _Guarded(receive, Headers(scope=scope), max_bytes=max_bytes, timeout_s=self._timeout_s).receive
        await self._app(scope, receive, send)


class _Guarded:
    """One body. Raises HTTPExceptions: FastAPI lets no other error out of the reading of a body."""

    def __init__(self, receive: Receive, headers: Headers, *, max_bytes: int, timeout_s: float) -> None:
        announced = headers.get("content-length", "")
        self._is_too_large = announced.isdecimal() and int(announced) > max_bytes
        self._receive = receive
        self._left_bytes = max_bytes
        self._timeout_s = timeout_s
        self._is_whole = False

    async def receive(self) -> Message:
        if self._is_whole:
            # What comes now is that the caller leaves.
            return await self._receive()
        if self._is_too_large:
            raise HTTPException(413, headers=_CLOSE)
        try:
            async with asyncio.timeout(self._timeout_s):
                message = await self._receive()
        except TimeoutError as error:
            raise HTTPException(408, headers=_CLOSE) from error
        self._is_whole = message["type"] != "http.request" or not message.get("more_body", False)
        self._left_bytes -= len(message.get("body", b""))
        if self._left_bytes < 0:
            raise HTTPException(413, headers=_CLOSE)
        return message
