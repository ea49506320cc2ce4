"""The application under uvicorn, in this process."""

import gc
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.app import create_app
from service.errors import CannotStartError
from service.logs import configure_logs
from service.settings import Settings


def run_server(settings: Settings) -> bool:
    """Serve until a signal ends it; return whether it could start."""
    configure_logs(settings.log_level)
    server = uvicorn.Server(
        uvicorn.Config(
            _Start(create_app(settings)),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=True,
            forwarded_allow_ips=settings.trusted_proxies,
            timeout_graceful_shutdown=int(settings.shutdown_grace_s),
            timeout_keep_alive=int(settings.keep_alive_s),
        )
    )
    # Uvicorn exits by itself where it cannot start: it has said why.
    with suppress(SystemExit):
        server.run()
    return server.started


class _Start:
    """Wraps an application: what is done when it has started, and said when it cannot.

    Why it cannot is one sentence in the log, where Starlette gives a traceback. What it made while it started is there
    to stay: the garbage collector looks through it once, and not every few answers again (an eighth of their CPU time).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_plainly(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                _, _, reason = message.get("message", "").rpartition(f"{CannotStartError.__name__}: ")
                await send({**message, "message": reason.strip()})
                return
            if message["type"] == "lifespan.startup.complete":
                gc.collect()
                gc.freeze()
            await send(message)

        await self._app(scope, receive, send_plainly if scope["type"] == "lifespan" else send)
