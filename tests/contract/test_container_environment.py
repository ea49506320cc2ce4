"""The container's environment is read, variable by variable, by the server that takes the container's place locally."""

from collections import UserDict

import pytest

from local.tgi.settings import Settings
from model.engines import describe_container
from stacks.context import read_settings

# Statistics that TGI would send home; the local server sends none.
NOT_READ = {"USAGE_STATS"}


class Recorded(UserDict):
    def __init__(self, values):
        super().__init__(values)
        self.read = set()

    def __contains__(self, key):
        self.read.add(key)
        return super().__contains__(key)

    def __getitem__(self, key):
        self.read.add(key)
        return super().__getitem__(key)


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
    return Recorded(container.environment)


def test_every_variable_is_read(environment):
    Settings.from_environment(environment)
    assert set(environment.data) - environment.read == NOT_READ


def test_the_model_and_every_limit_arrive(deployed, environment):
    arrived = Settings.from_environment(environment)
    assert (arrived.model_id, arrived.revision) == (deployed.model.model_id, deployed.model.revision)
    assert arrived.max_input_tokens == deployed.limits.max_input_tokens
    assert arrived.max_total_tokens == deployed.limits.max_total_tokens
    assert arrived.max_batch_total_tokens == deployed.limits.max_batch_total_tokens
    assert arrived.max_concurrent_requests == deployed.limits.max_concurrent_requests
