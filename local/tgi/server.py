"""The life of the process: load, warm up, listen, end.

It listens only when the model is warm, as TGI does.
"""

import asyncio
import logging
import socket
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Final, cast

from starlette.applications import Starlette

from local.llama.client import LlamaClient
from local.llama.engine import Engine
from local.llama.errors import EngineError, StartupError
from local.llama.gguf import Value, read_metadata
from local.llama.listening import bind, serve
from local.llama.scheduler import Scheduler
from local.llama.server import LlamaServer
from local.llama.vocabulary import Vocabulary
from local.llama.weights import Weights
from local.tgi.app import build_app
from local.tgi.inference import Inference
from local.tgi.limits import Limits
from local.tgi.metrics import Metrics
from local.tgi.routes.service import Service
from local.tgi.sampling import Sampling
from local.tgi.settings import Settings
from local.tgi.validation import Validator
from local.tgi.weights import find_weights

_LOG: Final = logging.getLogger("text_generation_launcher")


def run(settings: Settings, *, host: str, port: int) -> None:
    """Serve until a signal ends it.

    Args:
        settings: of the deployment.
        host: the address to listen on.
        port: the port to listen on; 0 takes a free one.

    Raises:
        StartupError: the port is taken, or settings and weights do not allow a start.
    """
    with bind(host, port) as listener:
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
        report=metrics.show_batch,
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


async def _serve(app: Starlette, engine: Engine, listener: socket.socket) -> None:
    await _warm_up(engine)
    await serve(
        app,
        listener,
        on_listening=lambda url: _LOG.info("Connected: listening on %s", url),
        on_signal=lambda: _LOG.info("Signal received, starting graceful shutdown"),
    )
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
    except EngineError as error:
        raise StartupError(f"the model does not generate: {error}") from error
