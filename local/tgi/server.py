"""The life of the process: load, warm up, listen, end.

It listens only when the model is warm, as TGI does.
"""

import asyncio
import logging
import socket
from typing import Final

from starlette.applications import Starlette

from local.llama.engine import Engine
from local.llama.listening import bind, serve
from local.llama.model import Load, LoadedModel
from local.llama.model_file import ModelFile
from local.llama.scheduler import Scheduler
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
        file = ModelFile.read(weights.model_file)
        limits = Limits.resolve(settings, window_tokens=file.window_tokens, stand_in=weights.stand_in)
        model = LoadedModel(
            Load(
                model_file=file.path,
                context_tokens=limits.max_batch_total_tokens,
                max_batch_size=settings.max_batch_size,
                threads=settings.threads,
            )
        )
        try:
            engine = Engine(model=model, vocabulary=file.vocabulary, has_chat_template=file.has_chat_template)
            service = _assemble(settings, limits, weights, engine)
            asyncio.run(_serve(build_app(service), engine, listener))
        finally:
            model.close()


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
    weights.announce(_LOG, threads=settings.threads)
    if settings.lora_adapters:
        _LOG.warning(
            "STAND-IN: the model itself answers instead of its adapters, which are not loaded here: %s",
            ", ".join(settings.lora_adapters),
        )


async def _serve(app: Starlette, engine: Engine, listener: socket.socket) -> None:
    _LOG.info("Warming up model")
    await engine.warm_up(Sampling())
    await serve(
        app,
        listener,
        on_listening=lambda url: _LOG.info("Connected: listening on %s", url),
        on_signal=lambda: _LOG.info("Signal received, starting graceful shutdown"),
    )
    _LOG.info("Ended")
