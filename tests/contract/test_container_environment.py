"""What the container is told arrives in the server that takes its place locally.

That every variable of TGI is read is a pair of tests/stacks/agreement/reader_pairs.py; a flag that local.vllm does not
know ends it.
"""

import pytest

from local.tgi.settings import Settings
from local.vllm.settings import Settings as VllmSettings
from model.engines import describe_container
from stacks.context import read_settings


@pytest.fixture(params=["local", "dev", "prod"])
def deployed(request):
    return read_settings({"stage": request.param}, {})


def environment_of(deployed):
    container = describe_container(
        engine=deployed.engine,
        spec=deployed.model,
        limits=deployed.limits,
        region=deployed.region,
        gpus_per_copy=deployed.gpus_per_copy,
    )
    return container.environment


def test_the_model_and_every_limit_arrive(deployed):
    arrived = Settings.from_environment(environment_of(deployed))
    assert (arrived.model_id, arrived.revision) == (deployed.model.model_id, deployed.model.revision)
    assert arrived.max_input_tokens == deployed.limits.max_input_tokens
    assert arrived.max_total_tokens == deployed.limits.max_total_tokens
    assert arrived.max_batch_total_tokens == deployed.limits.max_batch_total_tokens
    assert arrived.max_concurrent_requests == deployed.limits.max_concurrent_requests


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
@pytest.mark.parametrize("given", [{}, {"s3_uri": "s3://weights-of/mine/"}])
def test_the_model_and_every_limit_arrive_in_vllm(stage, given):
    adapters = {"adapters": "ada=s3://adapters-of/ada.tar.gz", "adapter_rank": "32", "adapter_slots": "3"}
    deployed = read_settings({"stage": stage, "engine": "vllm", **adapters, **given}, {})
    arrived = VllmSettings.from_environment(environment_of(deployed))
    assert arrived.served_names == (deployed.model.model_id,)
    assert arrived.model_id == ("/opt/ml/model" if given else deployed.model.model_id)
    assert arrived.hub.revision == (None if given else deployed.model.revision)
    assert (arrived.max_model_len, arrived.max_num_seqs) == (
        deployed.limits.max_total_tokens,
        deployed.limits.max_concurrent_requests,
    )
    assert arrived.gpus == deployed.gpus_per_copy
    assert (arrived.enable_lora, arrived.max_loras, arrived.max_lora_rank) == (True, 3, 32)
    assert arrived.allow_runtime_lora_updating
