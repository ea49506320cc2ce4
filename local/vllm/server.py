"""The life of the process: load, warm up, listen, end. It listens only when the model is warm, as vLLM does."""

import asyncio
import logging
import socket
from collections.abc import Mapping
from contextlib import aclosing, suppress
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
from local.vllm.app import build_app
from local.vllm.inference import Inference
from local.vllm.limits import Limits
from local.vllm.log import LOGGER
from local.vllm.metrics import Metrics
from local.vllm.models import Models
from local.vllm.routes.service import VLLM_VERSION, Service
from local.vllm.sampling import Sampling
from local.vllm.settings import Settings
from local.vllm.statistics import report_statistics
from local.vllm.validation import Validator
from local.vllm.weights import find_weights

_LOG: Final = logging.getLogger(LOGGER)


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
        _LOG.info("vLLM API server version %s, which local.vllm stands in for", VLLM_VERSION)
        _LOG.info("non-default args: %s", " ".join(settings.given))
        weights = find_weights(settings)
        metadata = read_metadata(weights.model_file)
        vocabulary, window_tokens = _describe_model(weights.model_file, metadata)
        limits = Limits.resolve(settings, window_tokens=window_tokens, stand_in=weights.stand_in)
        _announce(settings, weights, limits)
        server = LlamaServer(
            model_file=weights.model_file,
            context_tokens=limits.cached_tokens,
            max_batch_size=limits.max_num_seqs,
            threads=settings.threads,
        )
        try:
            engine = Engine(
                client=LlamaClient(server.socket_path),
                vocabulary=vocabulary,
                has_chat_template="tokenizer.chat_template" in metadata,
            )
            service = _assemble(settings, limits, weights, engine)
            asyncio.run(_serve(build_app(service, settings), service, settings, listener))
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
    models = Models(weights=weights, served_names=settings.served_names, max_model_len=limits.max_model_len)
    metrics = Metrics(
        model_name=models.base_name, max_model_len=limits.max_model_len, cached_tokens=limits.cached_tokens
    )
    scheduler = Scheduler(
        max_batch_size=limits.max_num_seqs, max_batch_total_tokens=limits.cached_tokens, report=metrics.show_batch
    )
    return Service(
        inference=Inference(engine=engine, scheduler=scheduler, metrics=metrics),
        validator=Validator(engine=engine, models=models, limits=limits, max_logprobs=settings.max_logprobs),
        models=models,
        metrics=metrics,
    )


def _announce(settings: Settings, weights: Weights, limits: Limits) -> None:
    """Say what serves, and what of the deployment has no effect here."""
    _LOG.info("Serving %s from %s with %d threads", weights.model_id, weights.model_file.name, settings.threads)
    if weights.stand_in is not None:
        _LOG.warning(
            "STAND-IN: %s answers instead of %s, whose weights are not on this machine. "
            "Its answers say nothing about the quality or the speed of the deployed model.",
            weights.stand_in.serves,
            weights.stand_in.instead_of,
        )
    if limits.max_num_seqs < settings.max_num_seqs:
        _LOG.warning(
            "max_num_seqs is %d here instead of %d: a CPU computes", limits.max_num_seqs, settings.max_num_seqs
        )


async def _serve(app: Starlette, service: Service, settings: Settings, listener: socket.socket) -> None:
    await _warm_up(service.inference.engine)
    reports = []
    if settings.log_stats and settings.log_stats_interval_s > 0:
        work = report_statistics(service.metrics, interval_s=settings.log_stats_interval_s)
        reports.append(asyncio.ensure_future(work))
    try:
        await serve(
            app,
            listener,
            on_listening=lambda url: _LOG.info("Starting vLLM server on %s", url),
            on_signal=lambda: _LOG.info("Shutting down"),
        )
    finally:
        for report in reports:
            report.cancel()
            with suppress(asyncio.CancelledError):
                await report


async def _warm_up(engine: Engine) -> None:
    """Generate a token: what loads may still not run."""
    steps = engine.generate(
        [0], sampling=Sampling(), grammar=None, max_new_tokens=1, top_n_tokens=0, with_logprobs=True
    )
    try:
        async with aclosing(steps):
            await anext(steps, None)
    except EngineError as error:
        raise StartupError(f"the model does not generate: {error}") from error
