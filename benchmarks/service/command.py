"""The service's own cost at 1, 32 and 200 streams at once, against an endpoint whose tokens cost nothing.

Three ways, in turn: the endpoint itself; the service's plain chat, which adds only what a gateway adds (HTTP, key,
limits, signing, decoding, encoding); and the service's answer with retrieval, whose own stages are taken off again.
Endpoint, service and this load are processes of their own; on two processors they share them, so that at 200 streams
the figures are the machine's limit, and what counts is that no answer fails, no token is lost, and memory stays where
it was.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.service.fast_endpoint import TOKENS
from benchmarks.service.streams import Arrival, Asking, ask, ask_at_once, chat_text, rag_text

MODEL = "bench/model"
QUESTION = "How does the twin wake up from zero?"
ROUNDS_OF_ONE = 150
WAVES = 4
# How many streams at once, and how far apart their tokens come: 5 ms is a fast model, 0 is none at all.
LOADS = ((1, 0), (1, 5), (32, 20), (200, 60))
DOCUMENT = "# Scaling\n\nThe twin scales to zero. A step policy on an alarm wakes the twin up from zero again.\n"


def main() -> None:
    """Measure and print."""
    print(f"\n{len(TOKENS)} tokens an answer; medians, and the 99th percentile in brackets, in milliseconds")
    for streams, pace_ms in LOADS:
        with running(pace_ms) as (endpoint_url, service_url, service):
            asyncio.run(measure(streams, pace_ms, endpoint_url, service_url, service))


async def measure(streams: int, pace_ms: int, endpoint_url: str, service_url: str, service: psutil.Process) -> None:
    """Ask the three ways so many times at once, and print what came of it."""
    ways = {
        "endpoint": Asking(f"{endpoint_url}/endpoints/e/invocations-response-stream", b"{}", b" word0", chat_text),
        "plain chat": _chat(service_url),
        "with retrieval": Asking(
            f"{service_url}/rag/stream", json.dumps({"query": QUESTION, "k": 3}).encode(), b"event: token", rag_text
        ),
    }
    for asking in ways.values():
        await ask(asking)
    await ask_at_once(ways["with retrieval"], streams)
    before_mib = service.memory_info().rss / 2**20
    arrivals: dict[str, list[Arrival]] = {name: [] for name in ways}
    for _ in range(ROUNDS_OF_ONE if streams == 1 else WAVES):
        for name, asking in ways.items():
            arrivals[name] += await ask_at_once(asking, streams)
    grown_mib = service.memory_info().rss / 2**20 - before_mib
    expected = "".join(TOKENS)
    print(f"\n{streams} at once, a token every {pace_ms} ms; service {before_mib:.0f} MiB, {grown_mib:+.1f} MiB after")
    base = arrivals["endpoint"]
    for name, arrived in arrivals.items():
        failed = sum(one.status != 200 for one in arrived)
        lost = sum(one.text.strip() != expected.strip() for one in arrived)
        first, last = _shown([one.first_s for one in arrived]), _shown([one.last_s for one in arrived])
        own = _median_ms([one.last_s for one in arrived]) - _median_ms([one.last_s for one in base])
        print(
            f"  {name:16} first {first:>18}  last {last:>20}  above the endpoint {own:8.1f}  "
            f"answers {len(arrived)}, failed {failed}, not whole {lost}"
        )
    if streams == 1:
        print(f"  retrieval itself, as the service tells: {await _retrieval_ms(service_url):.1f}")


def _chat(service_url: str) -> Asking:
    body = {"model": MODEL, "messages": [{"role": "user", "content": QUESTION}], "stream": True}
    return Asking(f"{service_url}/v1/chat/completions", json.dumps(body).encode(), b" word0", chat_text)


async def _retrieval_ms(service_url: str) -> float:
    """Median of what the stages before the generation took."""

    def once() -> float:
        body = json.dumps({"query": QUESTION, "k": 3}).encode()
        request = urllib.request.Request(f"{service_url}/rag", body, {"Content-Type": "application/json"})  # noqa: S310 - ours
        with urllib.request.urlopen(request) as response:  # noqa: S310 - ours
            timings: dict[str, float] = json.load(response)["timings_ms"]
        return sum(spent for stage, spent in timings.items() if stage != "generate")

    return statistics.median([await asyncio.to_thread(once) for _ in range(50)])


def _median_ms(values_s: list[float]) -> float:
    return statistics.median(values_s) * 1000


def _shown(values_s: list[float]) -> str:
    worst = statistics.quantiles(values_s, n=100)[98] * 1000
    return f"{_median_ms(values_s):.1f} ({worst:.1f})"


@contextmanager
def running(pace_ms: int) -> Iterator[tuple[str, str, psutil.Process]]:
    """Start an endpoint and a service that knows one document."""
    with tempfile.TemporaryDirectory() as name, _endpoint(pace_ms) as endpoint_url:
        folder = Path(name)
        outputs = {"EndpointName": "e", "InferenceComponentName": "c", "ModelId": MODEL}
        outputs |= {"MaxInputTokens": "1024", "MaxTotalTokens": "2048"}
        (folder / "outputs.json").write_text(json.dumps({"stack": outputs}))
        settings = {
            "PORT": "0",
            "ALLOW_NO_KEYS": "true",
            "UNDERSTAND": "false",
            "STORE": str(folder / "knowledge"),
            "SPOOL_FOLDER": str(folder / "spool"),
            "ENDPOINT_OUTPUTS_FILE": str(folder / "outputs.json"),
            "MAX_ANSWERS": "256",
            "LOG_LEVEL": "INFO",
        }
        environment = {
            **os.environ,
            **{f"TWIN_SERVICE_{key}": value for key, value in settings.items()},
            "AWS_ENDPOINT_URL": endpoint_url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
        }
        log = (folder / "log").open("w+")
        process = subprocess.Popen([sys.executable, "-m", "service"], env=environment, stdout=log, stderr=log)
        try:
            service_url = _service_url(folder / "log", process)
            request = urllib.request.Request(  # noqa: S310 - ours
                f"{service_url}/documents?wait_s=60",
                json.dumps({"id": "scaling", "text": DOCUMENT}).encode(),
                {"Content-Type": "application/jsonl"},
            )
            urllib.request.urlopen(request).close()  # noqa: S310 - ours
            yield endpoint_url, service_url, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()
            log.close()


@contextmanager
def _endpoint(pace_ms: int) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.service.fast_endpoint", str(pace_ms)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _service_url(log: Path, process: subprocess.Popen[bytes]) -> str:
    while process.poll() is None:
        for line in log.read_text().splitlines():
            if "Uvicorn running on " in line:
                return str(json.loads(line)["event"]).split("running on ")[1].split(" ")[0]
        time.sleep(0.05)
    raise RuntimeError(f"the service did not start: {log.read_text()}")
