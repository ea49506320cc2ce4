"""LoRA adapters of a deployment: what is asked for is loaded, published, and understood by the client."""

import json
import re

import pytest
from aws_cdk import App

from inference_client import EndpointAddress
from model.errors import DoesNotFitError, InvalidSpecError
from stacks.context import read_settings
from stacks.endpoint_stack import EndpointStack

COMMIT = "49ea8865dec91696c811a82821883b3a915a9915"
ADAPTERS = f"ada/twin@{COMMIT},bob/twin@{COMMIT}"


@pytest.fixture(scope="module")
def template(synthesize):
    path = synthesize(stage="dev", adapters=ADAPTERS, adapter_rank="16")
    return json.loads(path.read_text(encoding="utf-8"))


def test_what_is_published_is_what_the_container_loads(template):
    (model,) = (b["Properties"] for b in template["Resources"].values() if b["Type"] == "AWS::SageMaker::Model")
    assert model["PrimaryContainer"]["Environment"]["LORA_ADAPTERS"] == ADAPTERS
    assert template["Outputs"]["Adapters"]["Value"] == "ada/twin,bob/twin"


def test_the_client_knows_them(template):
    outputs = {key: output["Value"] for key, output in template["Outputs"].items()} | {"EndpointName": "twin"}
    assert EndpointAddress.from_outputs(outputs).adapters == ("ada/twin", "bob/twin")


def test_a_change_of_adapters_is_no_new_endpoint():
    with_them = read_settings({"stage": "dev", "adapters": ADAPTERS}, {})
    assert with_them.endpoint_name == read_settings({"stage": "dev"}, {}).endpoint_name


@pytest.mark.parametrize(
    ("context", "error", "message"),
    [
        ({"adapters": "ada/twin"}, InvalidSpecError, "adapter 'ada/twin' is not an adapter on the hub."),
        ({"adapters": ADAPTERS, "adapter_rank": "0"}, InvalidSpecError, "adapter_rank is 0."),
    ],
)
def test_a_wrong_setting_is_refused(context, error, message):
    with pytest.raises(error, match=re.escape(message)):
        read_settings({"stage": "dev"} | context, {})


def test_more_adapters_than_fit_are_refused_at_synth(cdk_context):
    many = ",".join(f"ada/twin{number}@{COMMIT}" for number in range(12))
    settings = read_settings({"stage": "dev", "adapters": many, "adapter_rank": "128"}, {})
    with pytest.raises(DoesNotFitError, match="no room for any token"):
        EndpointStack(App(context=cdk_context), settings=settings)
