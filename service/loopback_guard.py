"""Without keys, everybody on this machine may ask; pages of other sites, which its browser runs too, may not.

A page of another site can send requests to a loopback address. Two things give it away: the `Origin` or
`Sec-Fetch-Site` that its browser adds, and, where its name was made to resolve to 127.0.0.1 (DNS rebinding), the
`Host`.
"""

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import ForeignPageError
from service.problem_responses import note_problem, respond


class LoopbackGuard:
    """Wraps an application that serves without keys.

    Args:
        app: what is guarded.
        origins: pages of other sites that may call nevertheless (`cors_origins`).
    """

    def __init__(self, app: ASGIApp, *, origins: tuple[str, ...] = ()) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "http":
            reason = self._objection(Headers(scope=scope), scope["method"])
            if reason:
                error = ForeignPageError(f"{reason} This service runs without API keys, for this machine only.")
                await respond(Request(scope), note_problem(error))(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _objection(self, headers: Headers, method: str) -> str:
        host = headers.get("host", "")
        if not _is_loopback(host):
            return f"The Host is {host[:100]!r}; allowed: localhost or a loopback address."
        origin = headers.get("origin")
        if origin in self._origins:
            return ""
        if origin is not None and origin != "null" and urlsplit(origin).netloc.lower() == host.lower():
            return ""
        is_link = method == "GET" and headers.get("sec-fetch-mode") == "navigate"
        is_foreign = origin is not None or headers.get("sec-fetch-site") in ("cross-site", "same-site")
        return "The request comes from a page of another site." if is_foreign and not is_link else ""


def _is_loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
