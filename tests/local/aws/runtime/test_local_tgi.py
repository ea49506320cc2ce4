"""The whole path to a real model: boto3, the runtime, a container of local.tgi."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from local.aws.containers.command import local_tgi
from tests.local.aws.sagemaker.rig import Deployed, Rig

SMALL = "HuggingFaceTB/SmolLM2-135M-Instruct"
TWIN = "mlabonne/TwinLlama-3.1-8B-DPO"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    rig = Rig(state_dir=tmp_path_factory.mktemp("tgi"), command=local_tgi)
    deployed = Deployed(rig)
    deployed.model(HF_MODEL_ID=TWIN, SM_NUM_GPUS="1", MAX_INPUT_TOKENS="512", MAX_TOTAL_TOKENS="1024")
    deployed.endpoint()
    deployed.component(wait=False)
    assert deployed.settled(timeout_s=120)["InferenceComponentStatus"] == "InService"
    yield rig
    rig.close()


def ask(rig: Rig, operation: str, **parameters: Any) -> dict[str, Any]:
    body = {"inputs": "The capital of France is", "parameters": {"max_new_tokens": 24, **parameters}}
    if operation.endswith("stream"):
        body["stream"] = True
    answer: dict[str, Any] = getattr(rig.client("sagemaker-runtime"), operation)(
        EndpointName="twin", InferenceComponentName="twin", ContentType="application/json", Body=json.dumps(body)
    )
    return answer


def test_an_answer_is_made_of_real_tokens(served: Rig) -> None:
    (answer,) = json.loads(ask(served, "invoke_endpoint", return_full_text=False)["Body"].read())
    assert "Paris" in answer["generated_text"]


def test_the_first_token_arrives_before_the_last_is_generated(served: Rig) -> None:
    arrivals = [
        (time.monotonic(), event["PayloadPart"]["Bytes"])
        for event in ask(served, "invoke_endpoint_with_response_stream")["Body"]
    ]
    text = b"".join(part for _, part in arrivals).decode()
    events = [json.loads(line.removeprefix("data:")) for line in text.splitlines() if line.startswith("data:")]
    assert len(events) >= 10
    assert events[-1]["generated_text"]
    assert arrivals[-1][0] - arrivals[0][0] > 0.05
    assert len(arrivals) >= 5


def test_the_small_model_that_stands_in_says_so(served: Rig) -> None:
    (copy,) = served.sagemaker.copies()
    assert copy["stand_in"] == {"serves": SMALL, "instead_of": TWIN}


def test_a_model_that_nobody_has_fails_as_the_hub_would(served: Rig) -> None:
    deployed = Deployed(served)
    deployed.model("nobody", HF_MODEL_ID="nobody/nothing")
    deployed.component("nobody", model="nobody", wait=False)
    failed = deployed.settled("nobody", timeout_s=60)
    assert failed["InferenceComponentStatus"] == "Failed"
    assert "RepositoryNotFoundError" in failed["FailureReason"]
