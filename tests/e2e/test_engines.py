"""vLLM by the real CDK CLI, beside stage `local`: a model, another one and an adapter share an endpoint."""

import dataclasses
import io
import json
import os
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from cli.environment import LocalEnvironment
from cli.rehearsal import Rehearsal
from inference_client import EndpointAddress, EndpointClient, GenerationParameters, ValidationRejectedError
from tests.local.vllm.peft import save_adapter

SMALL = "HuggingFaceTB/SmolLM2-135M-Instruct"
BESIDE = "HuggingFaceTB/SmolLM2-360M-Instruct"
BUCKET = "adapters-of-vllm"
PROMPT = "The capital of France is"
GREEDY = GenerationParameters(max_new_tokens=6)


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """Stage `dev` on vLLM: the outputs of its stack, and its components."""

    outputs: dict[str, str]
    main: str
    beside: str
    adapter: str


@pytest.fixture(scope="module")
def vllm(
    rehearsal: Rehearsal,
    as_client: Callable[[], AbstractContextManager[None]],
    outputs: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployed]:
    """Deployed, and destroyed in the end."""
    folder = tmp_path_factory.mktemp("vllm")
    context = {"engine": "vllm", "model": SMALL, "beside": BESIDE, "adapters": f"ada=s3://{BUCKET}/ada.tar.gz"}
    stage = dataclasses.replace(rehearsal, stage="dev", context=context, folder=folder)
    with as_client():
        s3, sagemaker = boto3.client("s3"), boto3.client("sagemaker")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="ada.tar.gz", Body=pack(save_adapter(folder / "ada")))
        endpoints = {one["EndpointName"] for one in sagemaker.list_endpoints()["Endpoints"]}
        # tests/conftest.py says why.
        os.environ["CDK_VALIDATION"] = "false"
        made = stage.deploy()
        name = made["EndpointName"]
        assert name not in endpoints
    yield Deployed(
        outputs=made,
        main=made["InferenceComponentName"],
        beside=made["BesideComponents"].removeprefix(f"{BESIDE}="),
        adapter=f"{name}-adapter-ada",
    )
    with as_client():
        stage.destroy()
        s3.delete_object(Bucket=BUCKET, Key="ada.tar.gz")
        s3.delete_bucket(Bucket=BUCKET)
        assert sagemaker.list_inference_components(EndpointNameEquals=name)["InferenceComponents"] == []
        assert {one["EndpointName"] for one in sagemaker.list_endpoints()["Endpoints"]} == endpoints


def pack(folder: Path) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for file in folder.iterdir():
            tar.add(file, arcname=file.name)
    return content.getvalue()


def ask(vllm: Deployed, component: str) -> tuple[str, str]:
    """Ask as any client of vLLM does; return which model answers, and what."""
    answer = boto3.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=vllm.outputs["EndpointName"],
        InferenceComponentName=component,
        ContentType="application/json",
        Body=json.dumps({"prompt": PROMPT, "max_tokens": 6, "temperature": 0}),
    )
    told = json.load(answer["Body"])
    return told["model"], told["choices"][0]["text"]


@pytest.mark.timeout(300)
def test_a_model_another_one_and_an_adapter_share_the_instances_of_one_endpoint(
    local_environment: LocalEnvironment, vllm: Deployed
) -> None:
    sagemaker = boto3.client("sagemaker")
    name = vllm.outputs["EndpointName"]
    components = sagemaker.list_inference_components(EndpointNameEquals=name)["InferenceComponents"]
    assert {one["InferenceComponentName"] for one in components} == {vllm.main, vllm.beside, vllm.adapter}
    assert {one["InferenceComponentStatus"] for one in components} == {"InService"}
    described = sagemaker.describe_inference_component(InferenceComponentName=vllm.adapter)
    assert described["Specification"]["BaseInferenceComponentName"] == vllm.main
    # Two copies of a GPU each, on instances of one; the adapter has none.
    (variant,) = sagemaker.describe_endpoint(EndpointName=name)["ProductionVariants"]
    assert variant["CurrentInstanceCount"] == 2
    targets = boto3.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")
    assert {one["ResourceId"] for one in targets["ScalableTargets"]} >= {
        f"inference-component/{one}" for one in (vllm.main, vllm.beside)
    }


def test_each_component_answers_as_what_it_is(local_environment: LocalEnvironment, vllm: Deployed) -> None:
    model, text = ask(vllm, vllm.main)
    assert (model, text) == (SMALL, " Paris.\n\nThe United")
    # The small model stands in for the other one, so it says the same.
    assert ask(vllm, vllm.beside) == (BESIDE, text)
    model, adapted = ask(vllm, vllm.adapter)
    assert model == vllm.adapter
    assert adapted != text, "the adapter's weights had no effect"


def test_the_client_asks_in_the_form_that_the_outputs_name(local_environment: LocalEnvironment, vllm: Deployed) -> None:
    address = EndpointAddress.from_ssm("/llm-twin/dev")
    assert address == EndpointAddress.from_outputs(vllm.outputs)
    with EndpointClient(address) as twin:
        assert twin.generate(PROMPT, parameters=GREEDY).text == ask(vllm, vllm.main)[1]
        by_adapter = replace(GREEDY, adapter_id="ada")
        assert twin.generate(PROMPT, parameters=by_adapter).text == ask(vllm, vllm.adapter)[1]
    with (
        EndpointClient(replace(address, engine=None)) as unaware,
        pytest.raises(ValidationRejectedError, match='EndpointAddress with engine="vllm"'),
    ):
        unaware.generate(PROMPT)


def test_a_container_that_is_told_something_wrong_ends_and_its_component_says_why(
    local_environment: LocalEnvironment, vllm: Deployed
) -> None:
    sagemaker: Any = boto3.client("sagemaker")
    base = sagemaker.describe_inference_component(InferenceComponentName=vllm.main)
    needs = base["Specification"]["ComputeResourceRequirements"]
    made = sagemaker.describe_model(ModelName=base["Specification"]["ModelName"])
    container = made["PrimaryContainer"] | {"Environment": {"SM_VLLM_MODEL": SMALL, "SM_VLLM_MAX_TOTAL_TOKENS": "9"}}
    sagemaker.create_model(ModelName="wrong", ExecutionRoleArn=made["ExecutionRoleArn"], PrimaryContainer=container)
    sagemaker.create_inference_component(
        InferenceComponentName="wrong",
        EndpointName=vllm.outputs["EndpointName"],
        VariantName=base["VariantName"],
        Specification={"ModelName": "wrong", "ComputeResourceRequirements": needs},
        RuntimeConfig={"CopyCount": 1},
    )
    deadline = time.monotonic() + 60
    while (failed := sagemaker.describe_inference_component(InferenceComponentName="wrong"))[
        "InferenceComponentStatus"
    ] == "Creating":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert failed["InferenceComponentStatus"] == "Failed"
    assert "exited with code 2" in failed["FailureReason"]
    assert "vllm serve: error: unrecognized arguments: --max-total-tokens" in failed["FailureReason"]
    sagemaker.delete_inference_component(InferenceComponentName="wrong")
    sagemaker.delete_model(ModelName="wrong")
