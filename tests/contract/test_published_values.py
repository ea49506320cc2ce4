"""The endpoint stack publishes exactly what the inference client reads, under the names by which it reads it."""

import json
import os
import sys
from collections import UserDict
from pathlib import Path

import pytest
from aws_cdk import App

from inference_client import EndpointAddress
from stacks.context import read_settings
from stacks.endpoint_stack import EndpointStack

# Published for people and for permissions; the client needs names only.
NOT_READ = {"EndpointArn", "InferenceComponentArn"}


@pytest.fixture(scope="module", params=["tgi", "vllm"])
def settings(request):
    return read_settings({"stage": "dev", "engine": request.param}, {})


@pytest.fixture(scope="module")
def outputs(tmp_path_factory, settings):
    out = tmp_path_factory.mktemp("cdk.out")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        app = App(outdir=str(out), analytics_reporting=False)
        EndpointStack(app, settings=settings)
        app.synth()
    template = json.loads((out / f"{settings.endpoint_stack_name}.template.json").read_text(encoding="utf-8"))
    values = {key: output["Value"] for key, output in template["Outputs"].items()}
    # What only AWS knows before the deployment, as it answers after it.
    return values | {"EndpointName": settings.endpoint_name} | dict.fromkeys(NOT_READ, "arn")


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


def test_the_client_finds_everything_it_looks_for(outputs):
    recorded = Recorded(outputs)
    EndpointAddress.from_outputs(recorded)
    assert recorded.read == outputs.keys() - NOT_READ


def test_the_client_understands_every_value(outputs, settings):
    assert EndpointAddress.from_outputs(outputs) == EndpointAddress(
        endpoint_name=settings.endpoint_name,
        inference_component_name=settings.component_name,
        region=settings.region,
        engine=settings.engine.value,
        model_id=settings.model.model_id,
        model_revision=settings.model.revision,
        max_input_tokens=settings.limits.max_input_tokens,
        max_total_tokens=settings.limits.max_total_tokens,
        variant_name="AllTraffic",
    )
