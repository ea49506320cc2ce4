"""What the container is told arrives in the server that takes its place locally.

That every variable is read is a pair of tests/stacks/agreement/reader_pairs.py.
"""

import pytest

from local.tgi.settings import Settings
from model.engines import describe_container
from stacks.context import read_settings


@pytest.fixture(params=["local", "dev", "prod"])
def deployed(request):
    return read_settings({"stage": request.param}, {})


@pytest.fixture
def environment(deployed):
    container = describe_container(
        engine=deployed.engine,
        spec=deployed.model,
        limits=deployed.limits,
        region=deployed.region,
        gpus_per_copy=deployed.gpus_per_copy,
    )
    return container.environment


def test_the_model_and_every_limit_arrive(deployed, environment):
    arrived = Settings.from_environment(environment)
    assert (arrived.model_id, arrived.revision) == (deployed.model.model_id, deployed.model.revision)
    assert arrived.max_input_tokens == deployed.limits.max_input_tokens
    assert arrived.max_total_tokens == deployed.limits.max_total_tokens
    assert arrived.max_batch_total_tokens == deployed.limits.max_batch_total_tokens
    assert arrived.max_concurrent_requests == deployed.limits.max_concurrent_requests
