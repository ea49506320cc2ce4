from dataclasses import replace

import pytest

from model.catalog import SMOLLM2, TWIN_LLAMA_DPO
from model.engines import Engine, describe_container, find_engine
from model.errors import EnvironmentTooLargeError, GatedModelError, InvalidLimitsError, NoImageError, UnknownEngineError
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
    long_id = "owner/" + "n" * 1020
    with pytest.raises(EnvironmentTooLargeError, match=r"HF_MODEL_ID has 1026 characters. SageMaker takes 1024"):
        describe(replace(SMOLLM2, model_id=long_id))


def test_the_environment_cannot_be_changed_afterwards():
    with pytest.raises(TypeError):
        describe(SMOLLM2).environment["DTYPE"] = "float16"  # type: ignore[index]


def test_an_unknown_engine_is_refused_with_what_is_known():
    with pytest.raises(UnknownEngineError, match=r"engine 'ollama' is not known. Known engines: tgi"):
        find_engine("ollama")
