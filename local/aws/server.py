"""The local AWS's process: one port, our own routes in front, every AWS service behind them.

It owns the signals and the end of the process; what answers a request is put together in
:mod:`local.aws.composition`.
"""

import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount

from local.aws.composition import Services
from local.aws.wsgi_bridge import bridge

GRACE_S = 3  # how long answers in progress may go on after the process is told to end


def make_application(services: Services) -> Starlette:
    """The ASGI application: the services' own routes, then everything else."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await services.close()

    routes: list[BaseRoute] = [*services.routes, Mount("/", app=bridge(services.dispatcher))]
    return Starlette(routes=routes, lifespan=lifespan)


def serve(services: Services, listener: socket.socket) -> None:
    """Answer requests until the process is told to end by SIGINT or SIGTERM; then end what the services started."""
    port = listener.getsockname()[1]
    config = uvicorn.Config(
        make_application(services),
        http="httptools",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        # uvicorn shuts down in order on either, then raises it again: by then there is nothing left to interrupt.
        signal.signal(number, lambda *_: None)

    def announce() -> None:
        print(f"local AWS ready on http://localhost:{port}", flush=True)  # noqa: T201 - whoever started this waits for it
        services.started()

    _Announcing(config, announce).run(sockets=[listener])


class _Announcing(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer, and say so."""
        await super().startup(sockets)
        if self.started:
            self._announce()
