"""The life of the process: load, warm up, listen, end. It listens only when the model is warm, as vLLM does."""

import asyncio
import logging
import socket
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from starlette.applications import Starlette

from local.llama.engine import Engine
from local.llama.listening import bind, serve
from local.llama.model import Load, LoadedModel
from local.llama.model_file import ModelFile
from local.llama.scheduler import Scheduler
from local.llama.weights import Weights
from local.vllm.adapters.loading import AdapterLoader
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
        file = ModelFile.read(weights.model_file)
        limits = Limits.resolve(settings, window_tokens=file.window_tokens, stand_in=weights.stand_in)
        _announce(settings, weights, limits)
        with tempfile.TemporaryDirectory(prefix="adapters-") as folder, closing(_load(settings, limits, file)) as model:
            service = _assemble(settings, limits, weights, file, model, folder=Path(folder))
            asyncio.run(_serve(build_app(service, settings), service, settings, listener))


def _load(settings: Settings, limits: Limits, file: ModelFile) -> LoadedModel:
    return LoadedModel(
        Load(
            model_file=file.path,
            context_tokens=limits.cached_tokens,
            max_batch_size=limits.max_num_seqs,
            threads=settings.threads,
        )
    )


def _assemble(
    settings: Settings, limits: Limits, weights: Weights, file: ModelFile, model: LoadedModel, *, folder: Path
) -> Service:
    engine = Engine(model=model, vocabulary=file.vocabulary, has_chat_template=file.has_chat_template)
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
        adapters=AdapterLoader(
            models=models,
            model=model,
            metadata=file.metadata,
            shapes=file.read_shapes(),
            settings=settings,
            folder=folder,
        ),
    )


def _announce(settings: Settings, weights: Weights, limits: Limits) -> None:
    """Say what serves, and what of the deployment has no effect here."""
    weights.announce(_LOG, threads=settings.threads)
    if limits.max_num_seqs < settings.max_num_seqs:
        _LOG.warning(
            "max_num_seqs is %d here instead of %d: a CPU computes", limits.max_num_seqs, settings.max_num_seqs
        )


async def _serve(app: Starlette, service: Service, settings: Settings, listener: socket.socket) -> None:
    await service.inference.engine.warm_up(Sampling())
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
