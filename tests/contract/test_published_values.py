"""The inference client understands what the endpoint stack publishes.

That it reads all of it, and by its names, is a pair of tests/stacks/agreement/reader_pairs.py.
"""

import json
import os
import sys
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
        app = App(outdir=str(out), analytics_reporting=False, builtin_cloud_formation_validation=False)
        EndpointStack(app, settings=settings)
        app.synth()
    template = json.loads((out / f"{settings.endpoint_stack_name}.template.json").read_text(encoding="utf-8"))
    values = {key: output["Value"] for key, output in template["Outputs"].items()}
    # What only AWS knows before the deployment, as it answers after it.
    return values | {"EndpointName": settings.endpoint_name} | dict.fromkeys(NOT_READ, "arn")


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
        adapters=(),
        adapter_components={},
        beside_components={},
    )
