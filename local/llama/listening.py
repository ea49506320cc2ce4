"""The network side of the process: take an address, listen, end by a signal.

It listens only when told to, which is when the model is warm. SIGTERM and Ctrl-C stop it from listening; answers that
are being written get a few seconds to end.
"""

import asyncio
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.applications import Starlette

from local.llama.errors import StartupError

# A connection stays open between requests, as TGI's do: a client that uses one again never finds it just closed.
_KEEP_ALIVE_S: Final = 3600
# Answers that are being written may go on for this long, and the whole end takes no longer than that.
_GRACE_S: Final = 3
_END_S: Final = 4.5


def bind(host: str, port: int) -> socket.socket:
    """Take an address without listening on it: until the model is warm a connection is refused.

    Raises:
        StartupError: it is taken, or not this machine's.
    """
    # asyncio turns Nagle off only where the protocol is named.
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise _describe_taken(host, port, error) from error
    return listener


def _describe_taken(host: str, port: int, error: OSError) -> StartupError:
    return StartupError(f"cannot listen on {host} port {port}: {error.strerror}. Choose another with --port")


async def serve(
    app: Starlette,
    listener: socket.socket,
    *,
    on_listening: Callable[[str], None],
    on_signal: Callable[[], None],
) -> None:
    """Listen and answer until a signal ends it.

    Args:
        app: the routes.
        listener: a bound address.
        on_listening: called with the URL.
        on_signal: called when the end begins.

    Raises:
        StartupError: somebody else listens there.
    """
    host, port = listener.getsockname()[:2]
    try:
        listener.listen()
    except OSError as error:
        raise _describe_taken(host, port, error) from error
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )
    on_listening(f"http://{f'[{host}]' if ':' in host else host}:{port}")
    await _Server(config, on_signal).serve(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn, ended by signals with exit status 0."""

    def __init__(self, config: uvicorn.Config, on_signal: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_signal = on_signal

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Replace uvicorn's way, which raises the signal again at the end and so skips every clean-up."""
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_number, self._end)
        yield

    def _end(self) -> None:
        self._on_signal()
        self.should_exit = True
        # Whatever hangs then, a parent that waits for this process does not wait longer.
        last_resort = threading.Timer(_END_S, os._exit, (0,))
        last_resort.daemon = True
        last_resort.start()
