from dataclasses import replace

import pytest

from model.adapter import parse_adapters
from model.catalog import SMOLLM2, TWIN_LLAMA_DPO, find
from model.engines import Engine, describe_container, find_engine
from model.errors import (
    EnvironmentTooLargeError,
    GatedModelError,
    InvalidLimitsError,
    NoImageError,
    UnknownEngineError,
    UnsupportedModelError,
)
from model.limits import ServingLimits
from model.spec import Dtype, Quantization

LIMITS = ServingLimits(
    max_input_tokens=4096,
    max_total_tokens=6144,
    max_batch_prefill_tokens=4096,
    max_batch_total_tokens=24_576,
    max_concurrent_requests=64,
)


def describe(spec, **changes):
    arguments = {"engine": Engine.TGI, "limits": LIMITS, "region": "us-east-1", "gpus_per_copy": 1} | changes
    return describe_container(spec=spec, **arguments)


def test_tgi_is_told_the_model_its_revision_and_every_limit():
    assert dict(describe(TWIN_LLAMA_DPO, gpus_per_copy=4).environment) == {
        "HF_MODEL_ID": "mlabonne/TwinLlama-3.1-8B-DPO",
        "HF_MODEL_REVISION": "49ea8865dec91696c811a82821883b3a915a9915",
        "DTYPE": "bfloat16",
        "SM_NUM_GPUS": "4",
        "MAX_INPUT_TOKENS": "4096",
        "MAX_TOTAL_TOKENS": "6144",
        "MAX_BATCH_PREFILL_TOKENS": "4096",
        "MAX_BATCH_TOTAL_TOKENS": "24576",
        "MAX_CONCURRENT_REQUESTS": "64",
        "USAGE_STATS": "off",
    }


def test_vllm_is_told_the_model_its_revision_and_the_limits_that_it_has():
    container = describe(TWIN_LLAMA_DPO, engine=Engine.VLLM, gpus_per_copy=4)
    assert dict(container.environment) == {
        "SM_VLLM_MODEL": "mlabonne/TwinLlama-3.1-8B-DPO",
        "SM_VLLM_REVISION": "49ea8865dec91696c811a82821883b3a915a9915",
        "SM_VLLM_DTYPE": "bfloat16",
        "SM_VLLM_HOST": "0.0.0.0",  # noqa: S104 - what the container is told
        "SM_VLLM_TENSOR_PARALLEL_SIZE": "4",
        "SM_VLLM_MAX_MODEL_LEN": "6144",
        "SM_VLLM_MAX_NUM_BATCHED_TOKENS": "4096",
        "SM_VLLM_MAX_NUM_SEQS": "64",
        "SM_VLLM_GPU_MEMORY_UTILIZATION": "0.90",
        "HF_ENABLE_LMCACHE": "0",
        "VLLM_NO_USAGE_STATS": "1",
    }
    assert container.image.repository == "huggingface-vllm"
    assert container.image.inference_ami == "al2023-ami-sagemaker-inference-gpu-4-1"


def test_vllm_reads_weights_from_s3_where_sagemaker_puts_them():
    environment = describe(replace(TWIN_LLAMA_DPO, s3_uri="s3://bucket/twin/"), engine=Engine.VLLM).environment
    assert (environment["SM_VLLM_MODEL"], environment["HF_HUB_OFFLINE"]) == ("/opt/ml/model", "1")
    assert environment["SM_VLLM_SERVED_MODEL_NAME"] == TWIN_LLAMA_DPO.model_id
    assert "SM_VLLM_REVISION" not in environment


@pytest.mark.parametrize(
    ("quantization", "told"), [(Quantization.FP8, "fp8"), (Quantization.AWQ, None), (Quantization.GPTQ, None)]
)
def test_vllm_is_told_what_it_makes_itself_and_finds_the_rest_in_the_checkpoint(quantization, told):
    environment = describe(replace(TWIN_LLAMA_DPO, quantization=quantization), engine=Engine.VLLM).environment
    assert environment.get("SM_VLLM_QUANTIZATION") == told
    assert "SM_VLLM_DTYPE" not in environment


@pytest.mark.parametrize("engine", Engine)
def test_no_environment_holds_a_token(engine):
    assert not any("TOKEN" in name.split("_") for name in describe(TWIN_LLAMA_DPO, engine=engine).environment)


def test_an_architecture_that_the_engine_does_not_serve_is_refused_with_the_engine_that_does():
    with pytest.raises(
        UnsupportedModelError, match=r"'tgi' does not serve Qwen/Qwen3-8B: .*'qwen3'. Set engine=vllm\."
    ):
        describe(find("Qwen/Qwen3-8B"))
    assert describe(find("Qwen/Qwen3-8B"), engine=Engine.VLLM)


def test_an_architecture_that_no_engine_serves_is_refused_with_what_they_do_serve():
    with pytest.raises(UnsupportedModelError, match=r"It serves gemma2, gemma3_text, llama"):
        describe(replace(SMOLLM2, model_type="mamba"))


def test_a_quantization_that_the_engine_does_not_serve_is_refused_with_those_it_does():
    with pytest.raises(UnsupportedModelError, match=r"'vllm' does not serve quantization 'eetq'. It serves awq, fp8, "):
        describe(replace(TWIN_LLAMA_DPO, quantization=Quantization.EETQ), engine=Engine.VLLM)


def test_the_image_is_that_of_the_region():
    assert describe(TWIN_LLAMA_DPO, region="eu-west-1").image.region == "eu-west-1"


def test_weights_from_s3_are_read_from_the_folder_where_sagemaker_puts_them_and_never_from_the_hub():
    environment = describe(replace(TWIN_LLAMA_DPO, s3_uri="s3://bucket/twin/")).environment
    assert environment["HF_MODEL_ID"] == "/opt/ml/model"
    assert environment["HF_HUB_OFFLINE"] == "1"
    assert "HF_MODEL_REVISION" not in environment


def test_a_quantized_model_is_not_also_forced_to_a_dtype():
    environment = describe(replace(TWIN_LLAMA_DPO, quantization=Quantization.EETQ)).environment
    assert environment["HF_MODEL_QUANTIZE"] == "eetq"
    assert "DTYPE" not in environment


def test_a_float16_model_is_left_to_tgi_s_default():
    assert "DTYPE" not in describe(replace(TWIN_LLAMA_DPO, dtype=Dtype.FLOAT16)).environment


def test_a_gated_model_is_refused_with_the_way_out():
    gated = replace(TWIN_LLAMA_DPO, gated=True)
    with pytest.raises(
        GatedModelError, match=r"is gated.*a container is given no secret.*set s3_uri=s3://BUCKET/PREFIX/"
    ):
        describe(gated)
    assert "HF_TOKEN" not in describe(replace(gated, s3_uri="s3://bucket/twin/")).environment


def test_limits_beyond_the_model_are_refused():
    with pytest.raises(InvalidLimitsError, match=r"At most 8192"):
        describe(SMOLLM2, limits=replace(LIMITS, max_total_tokens=10_000))


def test_a_region_without_the_image_is_refused():
    with pytest.raises(NoImageError):
        describe(SMOLLM2, region="nowhere-1")


def test_an_environment_that_sagemaker_would_refuse_is_refused():
    many = parse_adapters(",".join(f"owner/adapter-{number}@{'a' * 40}" for number in range(10, 28)))
    with pytest.raises(EnvironmentTooLargeError, match=r"LORA_ADAPTERS has 1043 characters. SageMaker takes 1024"):
        describe(replace(SMOLLM2, adapters=many))


def test_the_environment_cannot_be_changed_afterwards():
    with pytest.raises(TypeError):
        describe(SMOLLM2).environment["DTYPE"] = "float16"  # type: ignore[index]


def test_an_unknown_engine_is_refused_with_what_is_known():
    with pytest.raises(UnknownEngineError, match=r"engine 'ollama' is not known. Known engines: tgi, vllm"):
        find_engine("ollama")
