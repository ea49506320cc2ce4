"""The outermost layer: gives every request its id and record, counts and logs it, whatever becomes of it.

Plain ASGI, because a layer that wraps the answer would hide from it that the caller left.
"""

import time
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.metrics import Metrics
from service.request_record import CURRENT, REQUEST_ID_HEADER, RequestRecord, choose_request_id

CALLER_LEFT = 499
# They are asked every few seconds, and would be most of the log.
_SILENT_ROUTES = frozenset({"/healthz", "/readyz", "/metrics"})


class RequestScope:
    """Wraps an application.

    Args:
        app: what serves the requests.
        metrics: where they are counted.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._log = structlog.get_logger(__name__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        record = RequestRecord(request_id=choose_request_id(Headers(scope=scope).get(REQUEST_ID_HEADER)))
        watched = _Watched(receive, send, record.request_id)
        token = CURRENT.set(record)
        started_s = time.perf_counter()
        try:
            await self._app(scope, watched.receive, watched.send)
        finally:
            duration_s = time.perf_counter() - started_s
            self._tell(scope, record, watched.outcome(), duration_s)
            CURRENT.reset(token)

    def _tell(self, scope: Scope, record: RequestRecord, status: int, duration_s: float) -> None:
        route = getattr(scope.get("route"), "path", "") or "unmatched"
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        self._metrics.requests.labels(method=method, route=route, status=str(status)).inc()
        self._metrics.request_s.labels(route=route).observe(duration_s)
        if route in _SILENT_ROUTES and status < 400:
            return
        facts: dict[str, Any] = dict(record.facts)
        if record.problem:
            facts["problem"] = record.problem
        self._log.info(
            "request",
            method=method,
            route=route,
            status=status,
            duration_ms=round(duration_s * 1000, 1),
            **facts,
        )


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Watched:
    """One exchange, watched: which status was sent, whether all was sent, whether the caller left before."""

    def __init__(self, receive: Receive, send: Send, request_id: str) -> None:
        self._receive = receive
        self._send = send
        self._request_id = request_id
        self._status = 0
        self._is_whole = False
        self._has_left = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self._is_whole:
            self._has_left = True
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            MutableHeaders(scope=message)[REQUEST_ID_HEADER] = self._request_id
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            self._is_whole = True
        await self._send(message)

    def outcome(self) -> int:
        if self._has_left:
            return CALLER_LEFT
        return self._status or 500
