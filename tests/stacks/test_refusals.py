"""What could not run is refused before a stack is made: one test for each rule, with the whole message.

Rules about single values are in test_settings.py, test_service_settings.py, test_monitoring.py, test_office_hours.py.
"""

import re
from dataclasses import replace

import pytest
from aws_cdk import App

from model.errors import DoesNotFitError, GatedModelError, InvalidLimitsError, InvalidSpecError, UnsupportedModelError
from stacks.context import read_settings
from stacks.endpoint_stack import EndpointStack

TWIN = "mlabonne/TwinLlama-3.1-8B-DPO"
LLAMA_70B = {"model": "meta-llama/Llama-3.1-70B-Instruct", "s3_uri": "s3://bucket/llama/"}


@pytest.fixture(scope="module")
def app():
    return App(analytics_reporting=False)


@pytest.mark.parametrize(
    ("context", "error", "message"),
    [
        pytest.param(
            LLAMA_70B,
            DoesNotFitError,
            "meta-llama/Llama-3.1-70B-Instruct on 1 GPU(s) of ml.g5.2xlarge (22888 MiB each) leaves no room for any "
            "token; max_batch_total_tokens is 24576. What fits: instance_type=ml.g6e.12xlarge with gpus_per_copy=4 "
            "(the smallest that fits).",
            id="weights",
        ),
        pytest.param(
            {"max_batch_total_tokens": "400000"},
            DoesNotFitError,
            f"{TWIN} on 1 GPU(s) of ml.g5.2xlarge (22888 MiB each) leaves room for 34709 tokens; "
            "max_batch_total_tokens is 400000. What fits: instance_type=ml.p5.4xlarge with gpus_per_copy=1 (the "
            "smallest that fits), or max_batch_total_tokens of at most 34709.",
            id="kv-cache",
        ),
        pytest.param(
            {"gpus_per_copy": "2"},
            DoesNotFitError,
            "gpus_per_copy is 2. ml.g5.2xlarge has 1 GPU(s): 1 to that many.",
            id="gpus-of-the-instance",
        ),
        pytest.param(
            {"instance_type": "ml.g5.12xlarge", "gpus_per_copy": "3"},
            DoesNotFitError,
            f"{TWIN} cannot be spread over 3 GPUs: its 32 attention and 8 key/value heads are shared out equally. Set "
            "gpus_per_copy to one of 1, 2, 4.",
            id="attention-heads",
        ),
        pytest.param(
            {"max_copies": "4", "max_instances": "2"},
            DoesNotFitError,
            "4 copies of 1 GPU(s) need 4 x ml.g5.2xlarge; max_instances is 2. Raise max_instances to 4, or lower "
            "max_copies to 2.",
            id="copies-and-instances",
        ),
        pytest.param(
            {
                "instance_type": "ml.g5.12xlarge",
                "gpus_per_copy": "2",
                "instance_fallback": "ml.g6.12xlarge,ml.g6.2xlarge",
            },
            DoesNotFitError,
            "instance_fallback has ml.g6.2xlarge: gpus_per_copy is 2. Every type may have to serve: leave it out, or "
            "take one that has the room (`twin plan --instance ml.g6.2xlarge` says what it would hold).",
            id="fallback",
        ),
        pytest.param(
            {"max_batch_total_tokens": "6144"},
            InvalidLimitsError,
            "one request of max_total_tokens=6144 would fill the batch: max_batch_total_tokens is 6144, and the others "
            "would wait until it is done. Raise max_batch_total_tokens to 12288, or lower max_total_tokens to 3072; a "
            "copy that is meant to take one request at a time has max_concurrent_requests=1.",
            id="one-request-fills-the-batch",
        ),
        pytest.param(
            {"max_total_tokens": "200000", "max_batch_total_tokens": "400000"},
            InvalidLimitsError,
            f"max_total_tokens is 200000. At most 131072 is allowed: it must be within the positions of {TWIN}.",
            id="positions",
        ),
        pytest.param(
            {"max_input_tokens": "6144"},
            InvalidLimitsError,
            "max_input_tokens is 6144. At most 6143 is allowed: it must be below max_total_tokens.",
            id="no-room-for-an-answer",
        ),
        pytest.param(
            {"max_input_tokens": "5000"},
            InvalidLimitsError,
            "max_input_tokens is 5000. At most 4096 is allowed: it must be within max_batch_prefill_tokens: a prompt "
            "is read at once.",
            id="prefill",
        ),
        pytest.param(
            {"engine": "vllm", "max_input_tokens": "60", "max_batch_prefill_tokens": "60"},
            InvalidLimitsError,
            "max_concurrent_requests is 64. At most 60 is allowed: it must be within max_batch_prefill_tokens: a pass "
            "has a token of each request.",
            id="requests-of-a-pass",
        ),
        pytest.param(
            {"model": "Qwen/Qwen3-8B"},
            UnsupportedModelError,
            "engine 'tgi' does not serve Qwen/Qwen3-8B: its architecture is 'qwen3'. Set engine=vllm.",
            id="architecture",
        ),
        pytest.param(
            {"engine": "vllm", "quantization": "eetq"},
            UnsupportedModelError,
            "engine 'vllm' does not serve quantization 'eetq'. It serves awq, fp8, gptq.",
            id="quantization",
        ),
        pytest.param(
            {"model": "meta-llama/Llama-3.1-8B-Instruct"},
            GatedModelError,
            "model 'meta-llama/Llama-3.1-8B-Instruct' is gated: the hub asks for a token, and a container is given no "
            "secret. Copy its weights to S3 once with your own token (`twin publish`) and set s3_uri=s3://BUCKET/PREFIX/.",
            id="gated",
        ),
        pytest.param(
            {"s3_uri": "s3://bucket/llama"},
            InvalidSpecError,
            f"{TWIN}: 's3://bucket/llama' is not a prefix in S3. It must read 's3://BUCKET/PREFIX/' and end in '/', "
            "the prefix of letters, digits and !-_.'()/.",
            id="prefix",
        ),
    ],
)
def test_what_could_not_run_is_refused_with_what_would(app, context, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        EndpointStack(app, settings=read_settings({"stage": "dev"} | context, {}))
    assert app.node.find_all() == [app]


@pytest.mark.parametrize("smaller", [{"host_memory_mib": 4096}, {"vcpus": 3}], ids=["host-memory", "cores"])
def test_an_instance_without_main_memory_or_cores_for_a_copy_is_refused(app, smaller):
    """None of those that are known today is so small for its GPUs: one that is."""
    settings = read_settings({"stage": "dev"}, {})
    instance = replace(settings.instance_type, **smaller)
    message = (
        rf"a copy of {TWIN} reserves \d+ MiB of main memory and \d+ cores; ml.g5.2xlarge has "
        f"{instance.host_memory_mib} MiB and {instance.vcpus} cores, a part of them SageMaker's own. What fits: .+"
    )
    with pytest.raises(DoesNotFitError, match=f"^{message}$"):
        EndpointStack(app, settings=replace(settings, instance_type=instance))
    assert app.node.find_all() == [app]


def test_tgi_lets_more_requests_in_than_it_reads_tokens_at_once(app):
    context = {"stage": "dev", "max_input_tokens": "60", "max_batch_prefill_tokens": "60"}
    assert EndpointStack(app, settings=read_settings(context | {"name": "few-tokens"}, {})).node.children


@pytest.mark.parametrize("max_copies", ["100000", "2147483647"])
def test_any_number_of_copies_is_counted_at_once(app, max_copies):
    context = {"stage": "dev", "max_copies": max_copies, "max_instances": "2"}
    with pytest.raises(DoesNotFitError, match=rf"^{max_copies} copies of 1 GPU\(s\) need {max_copies} x ml.g5.2xlarge"):
        EndpointStack(app, settings=read_settings(context, {}))


def test_the_fit_is_that_of_the_engine(app):
    """vLLM gives back what has left a sliding window, TGI keeps it: the same limits fit the one and not the other."""
    context = {"stage": "dev", "model": "google/gemma-3-1b-it", "s3_uri": "s3://bucket/gemma/"}
    limits = {"max_total_tokens": "32768", "max_batch_total_tokens": "1000000"}
    with pytest.raises(DoesNotFitError, match=r"leaves room for \d+ tokens; max_batch_total_tokens is 1000000\."):
        EndpointStack(app, settings=read_settings(context | limits, {}))
    stack = EndpointStack(app, settings=read_settings(context | limits | {"engine": "vllm"}, {}))
    assert stack.node.children
