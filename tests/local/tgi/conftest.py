import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from local.llama.weights import find_small_model
from tests.local.container_process import Container, starting

# Prompts of which the small model is sure enough that no rounding changes its answer: requests that share a batch move
# a log probability by up to 0.3, and the second best token is behind by 2 at least.
COUNTING = "one, two, three, four, five, six, seven, eight, nine, ten. One, two, three,"  # " four, five, six"
_PING = "<|im_start|>user\nPing<|im_end|>\n<|im_start|>assistant\n"
PING = f"{_PING}Pong<|im_end|>\n" * 3 + _PING  # "Pong" and the end of sequence


@pytest.fixture(scope="session")
def start_container() -> Iterator[Callable[..., Container]]:
    with starting("local.tgi") as start:
        yield start


@pytest.fixture(scope="session")
def container(start_container: Callable[..., Container]) -> Container:
    """One copy as the stage `local` deploys it: the small model as itself."""
    environment = {
        "HF_MODEL_ID": "HuggingFaceTB/SmolLM2-135M-Instruct",
        "HF_MODEL_REVISION": "12fd25f77366fa6b3b4b768ec3050bf629380bac",
        "SM_NUM_GPUS": "1",
        "DTYPE": "bfloat16",
        "MAX_INPUT_TOKENS": "64",
        "MAX_TOTAL_TOKENS": "2048",
        "MAX_BATCH_PREFILL_TOKENS": "1024",
        "MAX_BATCH_TOTAL_TOKENS": "4096",
        "MAX_CONCURRENT_REQUESTS": "16",
        "USAGE_STATS": "off",
    }
    return start_container(environment).wait_until_ready()


@pytest.fixture(scope="session")
def stand_in_container(start_container: Callable[..., Container]) -> Container:
    """One copy of a model that is not here, with limits beyond the small model's window and room for one request."""
    environment = {
        "HF_MODEL_ID": "mlabonne/TwinLlama-3.1-8B-DPO",
        "MAX_INPUT_TOKENS": "12000",
        "MAX_TOTAL_TOKENS": "16384",
        "MAX_CONCURRENT_REQUESTS": "1",
        "MAX_BATCH_SIZE": "1",
        "JSON_OUTPUT": "true",
        "API_KEY": "sesame",
    }
    return start_container(environment).wait_until_ready()


@pytest.fixture
def tgi(container: Container) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=container.url, timeout=60) as client:
        yield client


@pytest.fixture
def stand_in(stand_in_container: Container) -> Iterator[httpx.Client]:
    headers = {"authorization": "Bearer sesame"}
    with httpx.Client(base_url=stand_in_container.url, timeout=60, headers=headers) as client:
        yield client


@pytest.fixture(scope="session")
def model_file() -> Path:
    return find_small_model()


@pytest.fixture
def counting() -> str:
    return COUNTING


@pytest.fixture
def ping() -> str:
    return PING


@pytest.fixture
def read_metric(tgi: httpx.Client) -> Callable[[str], float]:
    def read(name: str) -> float:
        found = re.search(rf"^{re.escape(name)} (\S+)$", tgi.get("/metrics").text, re.MULTILINE)
        return float(found.group(1)) if found else 0.0

    return read


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], float]:
    """Wait for a condition; return how long it took, in seconds."""

    def wait(condition: Callable[[], bool], *, timeout_s: float = 20) -> float:
        started_s = time.monotonic()
        while not condition():
            assert time.monotonic() - started_s < timeout_s
            time.sleep(0.02)
        return time.monotonic() - started_s

    return wait
