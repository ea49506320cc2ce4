from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import openai
import pytest

from tests.local.container_process import Container, starting

SMALL = "HuggingFaceTB/SmolLM2-135M-Instruct"
LORA = {
    "SM_VLLM_ENABLE_LORA": "true",
    "SM_VLLM_MAX_LORAS": "2",
    "SM_VLLM_MAX_LORA_RANK": "16",
    "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "true",
}


@pytest.fixture(scope="session")
def start_container() -> Iterator[Callable[..., Container]]:
    with starting("local.vllm") as start:
        yield start


@pytest.fixture(scope="session")
def container(start_container: Callable[..., Container]) -> Container:
    """One copy as a deployment with room for adapters has it: the small model as itself, two requests at once."""
    environment = {
        "SM_VLLM_MODEL": SMALL,
        "SM_VLLM_REVISION": "12fd25f77366fa6b3b4b768ec3050bf629380bac",
        "SM_VLLM_SERVED_MODEL_NAME": "twin",
        "SM_VLLM_DTYPE": "bfloat16",
        "SM_VLLM_HOST": "0.0.0.0",  # noqa: S104 - as the template has it; it listens where its arguments say
        "SM_VLLM_TENSOR_PARALLEL_SIZE": "1",
        "SM_VLLM_MAX_MODEL_LEN": "2048",
        "SM_VLLM_MAX_NUM_BATCHED_TOKENS": "1024",
        "SM_VLLM_MAX_NUM_SEQS": "2",
        "SM_VLLM_GPU_MEMORY_UTILIZATION": "0.92",
        "HF_ENABLE_LMCACHE": "0",
        "VLLM_NO_USAGE_STATS": "1",
        "VLLM_LOG_STATS_INTERVAL": "0.5",
        **LORA,
    }
    return start_container(environment).wait_until_ready()


@pytest.fixture(scope="session")
def stand_in_container(start_container: Callable[..., Container]) -> Container:
    """One copy of a model that is not here, with limits beyond the small model's window."""
    environment = {"HF_MODEL_ID": "mlabonne/TwinLlama-3.1-8B-DPO", "SM_VLLM_MAX_MODEL_LEN": "16K", **LORA}
    return start_container({**environment, "VLLM_API_KEY": "sesame"}).wait_until_ready()


@pytest.fixture
def vllm(container: Container) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=container.url, timeout=60) as client:
        yield client


@pytest.fixture
def stand_in(stand_in_container: Container) -> Iterator[httpx.Client]:
    headers = {"authorization": "Bearer sesame"}
    with httpx.Client(base_url=stand_in_container.url, timeout=60, headers=headers) as client:
        yield client


@pytest.fixture
def openai_client(container: Container) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{container.url}/v1", api_key="-", max_retries=0, timeout=60) as client:
        yield client


@pytest.fixture
def adapters(tmp_path: Path, vllm: httpx.Client) -> Iterator[Path]:
    """A folder for adapters; none is loaded before and after."""
    yield tmp_path
    for model in vllm.get("/v1/models").json()["data"]:
        if model["parent"] is not None:
            vllm.delete(f"/adapters/{model['id']}")
