"""The life of the process: load, warm up, listen, end.

It listens only when the model is warm, as TGI does. SIGTERM and Ctrl-C stop it from listening; answers that are being
written get a few seconds to end.
"""

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Final, cast

import uvicorn
from starlette.applications import Starlette

from local.tgi.app import build_app
from local.tgi.engine import Engine
from local.tgi.errors import GenerationError, StartupError
from local.tgi.gguf import Value, read_metadata
from local.tgi.inference import Inference
from local.tgi.limits import Limits
from local.tgi.llama_client import LlamaClient
from local.tgi.llama_server import LlamaServer
from local.tgi.metrics import Metrics
from local.tgi.routes.service import Service
from local.tgi.sampling import Sampling
from local.tgi.scheduler import Scheduler
from local.tgi.settings import Settings
from local.tgi.validation import Validator
from local.tgi.vocabulary import Vocabulary
from local.tgi.weights import Weights, find_weights

_LOG: Final = logging.getLogger("text_generation_launcher")
# A connection stays open between requests, as TGI's do: a client that uses one again never finds it just closed.
_KEEP_ALIVE_S: Final = 3600
# Answers that are being written may go on for this long, and the whole end takes no longer than that.
_GRACE_S: Final = 3
_END_S: Final = 4.5


def run(settings: Settings, *, host: str, port: int) -> None:
    """Serve until a signal ends it.

    Args:
        settings: of the deployment.
        host: the address to listen on.
        port: the port to listen on; 0 takes a free one.

    Raises:
        StartupError: the port is taken, or settings and weights do not allow a start.
    """
    with _bind(host, port) as listener:
        weights = find_weights(settings)
        _announce(settings, weights)
        metadata = read_metadata(weights.model_file)
        vocabulary, window_tokens = _describe_model(weights.model_file, metadata)
        limits = Limits.resolve(settings, window_tokens=window_tokens, stand_in=weights.stand_in)
        server = LlamaServer(
            model_file=weights.model_file,
            context_tokens=limits.max_batch_total_tokens,
            max_batch_size=settings.max_batch_size,
            threads=settings.threads,
        )
        try:
            engine = Engine(
                client=LlamaClient(server.socket_path),
                vocabulary=vocabulary,
                has_chat_template="tokenizer.chat_template" in metadata,
            )
            service = _assemble(settings, limits, weights, engine)
            asyncio.run(_serve(build_app(service), engine, listener))
        finally:
            server.close()


def _describe_model(model_file: Path, metadata: Mapping[str, Value]) -> tuple[Vocabulary, int]:
    """Return the model's vocabulary and the tokens of its window."""
    try:
        window_tokens = cast(int, metadata[f"{metadata['general.architecture']!s}.context_length"])
        return Vocabulary.from_metadata(metadata), window_tokens
    except KeyError as error:
        raise StartupError(f"model file {model_file} does not say {error}: it holds no language model") from error


def _assemble(settings: Settings, limits: Limits, weights: Weights, engine: Engine) -> Service:
    metrics = Metrics(max_input_tokens=limits.max_input_tokens, max_total_tokens=limits.max_total_tokens)
    scheduler = Scheduler(
        max_batch_size=settings.max_batch_size,
        max_batch_total_tokens=limits.max_batch_total_tokens,
        metrics=metrics,
    )
    validator = Validator(engine=engine, settings=settings, limits=limits, metrics=metrics)
    inference = Inference(
        engine=engine,
        validator=validator,
        scheduler=scheduler,
        metrics=metrics,
        max_concurrent_requests=settings.max_concurrent_requests,
    )
    return Service(inference=inference, settings=settings, limits=limits, weights=weights, metrics=metrics)


def _announce(settings: Settings, weights: Weights) -> None:
    """Say what serves, and what of the deployment has no effect here."""
    _LOG.info("Serving %s from %s with %d threads", weights.model_id, weights.model_file.name, settings.threads)
    if weights.stand_in is not None:
        _LOG.warning(
            "STAND-IN: %s answers instead of %s, whose weights are not on this machine. "
            "Its answers say nothing about the quality or the speed of the deployed model.",
            weights.stand_in.serves,
            weights.stand_in.instead_of,
        )
    if settings.lora_adapters:
        _LOG.warning(
            "STAND-IN: the model itself answers instead of its adapters, which are not loaded here: %s",
            ", ".join(settings.lora_adapters),
        )


def _bind(host: str, port: int) -> socket.socket:
    """Take the address without listening on it: until the model is warm a connection is refused."""
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


async def _serve(app: Starlette, engine: Engine, listener: socket.socket) -> None:
    await _warm_up(engine)
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
    _LOG.info("Connected: listening on http://%s:%d", f"[{host}]" if ":" in host else host, port)
    await _Server(config).serve(sockets=[listener])
    _LOG.info("Ended")


async def _warm_up(engine: Engine) -> None:
    """Generate a token: what loads may still not run."""
    _LOG.info("Warming up model")
    steps = engine.generate(
        [0], sampling=Sampling(), grammar=None, max_new_tokens=1, top_n_tokens=0, with_logprobs=True
    )
    try:
        async with aclosing(steps):
            await anext(steps, None)
    except GenerationError as error:
        raise StartupError(f"the model does not generate: {error}") from error


class _Server(uvicorn.Server):
    """uvicorn, ended by signals as TGI is: with exit status 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Replace uvicorn's way, which raises the signal again at the end and so skips every clean-up."""
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_number, self._end)
        yield

    def _end(self) -> None:
        _LOG.info("Signal received, starting graceful shutdown")
        self.should_exit = True
        # Whatever hangs then, a parent that waits for this process does not wait longer.
        last_resort = threading.Timer(_END_S, os._exit, (0,))
        last_resort.daemon = True
        last_resort.start()
