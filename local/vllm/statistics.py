"""The line that vLLM writes of itself every 10 seconds, unless nothing happens (vllm/v1/metrics/loggers.py)."""

import asyncio
import logging
import time
from typing import Final

from local.vllm.log import LOGGER
from local.vllm.metrics import Metrics

_LOG: Final = logging.getLogger(LOGGER)


async def report_statistics(metrics: Metrics, *, interval_s: float) -> None:
    """Write them until cancelled.

    Args:
        metrics: whose counts are told.
        interval_s: the time between two lines.
    """
    prompt_before, generated_before = metrics.prompt_tokens, metrics.generated_tokens
    was_busy, last_s = False, time.monotonic()
    while True:
        await asyncio.sleep(interval_s)
        passed_s = max(time.monotonic() - last_s, 1e-3)
        prompt, generated = metrics.prompt_tokens, metrics.generated_tokens
        is_busy = (prompt, generated) != (prompt_before, generated_before)
        batch = metrics.batch
        _LOG.log(
            # An idle server is silent, after one line that says zero.
            logging.INFO if is_busy or was_busy else logging.DEBUG,
            "Engine 000: Avg prompt throughput: %.1f tokens/s, Avg generation throughput: %.1f tokens/s, "
            "Running: %d reqs, Waiting: %d reqs, GPU KV cache usage: %.1f%%, Prefix cache hit rate: 0.0%%",
            (prompt - prompt_before) / passed_s,
            (generated - generated_before) / passed_s,
            batch.running,
            batch.waiting,
            metrics.cache_usage * 100,
        )
        prompt_before, generated_before, was_busy = prompt, generated, is_busy
        last_s = time.monotonic()
