"""What the way through SageMaker's API costs: first and last token of one stream, by four clients in turn.

The same prompt and length, greedy, go to the container itself (httpx on its port), and through the local AWS by boto3,
by this project's client and by LiteLLM. The engine's own time is in all four, so the ratios to the first are the way's.
"""

import json
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import httpx
import litellm

from cli.copies import list_copies
from cli.environment import DEFAULT_REGION, LocalEnvironment
from cli.progress import Progress
from cli.project import Project
from cli.rehearsal import Rehearsal
from inference_client import EndpointAddress, EndpointClient, GenerationParameters
from local.aws.process import LocalAws

ROUNDS = 12
PROMPT = "The history of the sea begins"
TOKENS = 48

Stream = Callable[[], Iterator[object]]


def main() -> None:
    """Deploy stage local to a local AWS of its own and measure."""
    project, progress = Project.locate(), Progress()
    with tempfile.TemporaryDirectory() as name, LocalAws.start(state_dir=Path(name) / "aws") as aws:
        environment = LocalEnvironment(
            endpoint_url=aws.endpoint_url, region=DEFAULT_REGION, cdk_home=Path(name) / "cdk-home"
        )
        environment.enter()
        rehearsal = Rehearsal(
            project=project, progress=progress, environment=environment, stage="local", folder=Path(name)
        )
        rehearsal.deploy()
        (copy,) = list_copies()
        address = EndpointAddress.from_stack(rehearsal.stack_names()[0])
        measure(copy.url, address)


def measure(container_url: str, address: EndpointAddress) -> None:
    """Run the four in turn, round by round, and print medians and ratios."""
    logging.getLogger("LiteLLM").setLevel(logging.ERROR)
    container = httpx.Client(base_url=container_url, timeout=120)
    runtime = boto3.client("sagemaker-runtime")
    parameters = {"max_new_tokens": TOKENS, "return_full_text": False}
    body = {"inputs": PROMPT, "parameters": parameters}

    def direct() -> Iterator[object]:
        with container.stream("POST", "/generate_stream", json=body) as response:
            yield from (line for line in response.iter_lines() if line)

    def by_boto3() -> Iterator[object]:
        response = runtime.invoke_endpoint_with_response_stream(
            EndpointName=address.endpoint_name,
            InferenceComponentName=address.inference_component_name or "",
            ContentType="application/json",
            Body=json.dumps({**body, "stream": True}),
        )
        yield from response["Body"]

    client = EndpointClient(address)

    def by_this_client() -> Iterator[object]:
        with client.stream(PROMPT, parameters=GenerationParameters(**parameters)) as stream:
            yield from stream

    def by_litellm() -> Iterator[object]:
        yield from litellm.completion(
            model=f"sagemaker/{address.endpoint_name}",
            model_id=address.inference_component_name,
            sagemaker_base_url=f"{os.environ['AWS_ENDPOINT_URL']}/endpoints/{address.endpoint_name}"
            "/invocations-response-stream",
            messages=[{"role": "user", "content": PROMPT}],
            max_tokens=TOKENS,
            stream=True,
        )

    ways: dict[str, Stream] = {
        "container, httpx": direct,
        "SageMaker, boto3": by_boto3,
        "SageMaker, this client": by_this_client,
        "SageMaker, LiteLLM": by_litellm,
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for turn in range(ROUNDS + 1):
        for name, way in ways.items():
            started_s = time.perf_counter()
            arrivals = [time.perf_counter() - started_s for _ in way()]
            if turn:  # the first round fills caches and connections
                times[name].append((arrivals[0], arrivals[-1]))
    base = [statistics.median(values) for values in zip(*times["container, httpx"], strict=True)]
    print(f"\n{'':26}{'first token':>22}{'last token':>22}   median of {ROUNDS}, ratio to the container")
    for name, measured in times.items():
        first, last = (statistics.median(values) for values in zip(*measured, strict=True))
        shown = [f"{v * 1000:8.0f} ms {v / b:7.2f} x" for v, b in zip((first, last), base, strict=True)]
        print(f"{name:26}{shown[0]:>22}{shown[1]:>22}")
    container.close()
    runtime.close()
    client.close()
