"""LoRA adapters of a deployment: what is asked for is loaded, published, and understood by the client.

On vLLM they are components of their own; what must agree there is a table of its own (agreement/adapter_pairs.py).
"""

import copy
import json
import re

import pytest
from aws_cdk import App

from inference_client import EndpointAddress
from model.errors import DoesNotFitError, InvalidSpecError
from stacks.context import read_settings
from stacks.endpoint_stack import EndpointStack
from stacks.errors import NotAllowedError
from tests.stacks.agreement.adapter_pairs import PAIRS, AdapterTemplate
from tests.stacks.agreement.pair import find_disagreements
from tests.stacks.conftest import ADAPTERS_IN_S3

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
        (
            {"engine": "vllm", "adapters": f"{'a' * 34}=s3://twins/ada.tar.gz"},
            NotAllowedError,
            f"adapters is '{'a' * 34}=s3://twins/ada.tar.gz'. Allowed: names of at most 33 characters in stage dev",
        ),
        (
            {"engine": "vllm", "adapters": ",".join(f"twin-{n}=s3://twins/{n}.tar.gz" for n in range(99))},
            NotAllowedError,
            "adapters is '99 adapters'. Allowed: as many as a parameter of 4096 characters has",
        ),
        (
            {"engine": "vllm", "instance_fallback": "ml.g6.2xlarge"} | ADAPTERS_IN_S3,
            NotAllowedError,
            "instance_fallback is 'ml.g6.2xlarge'. Allowed: only without adapters in S3",
        ),
        (
            {"s3_kms_key_arn": "arn:aws:kms:us-east-1:123456789012:key/0a1b"},
            NotAllowedError,
            "Allowed: only beside s3_uri or adapters in S3, which it decrypts.",
        ),
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


@pytest.fixture(scope="module")
def components(synthesize):
    path = synthesize(stage="prod", engine="vllm", s3_uri="s3://weights/twin/", **ADAPTERS_IN_S3)
    return AdapterTemplate(json.loads(path.read_text(encoding="utf-8")))


def test_all_pairs_agree(components):
    assert find_disagreements(components, PAIRS) == []


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_pair_that_is_broken_is_reported(components, pair):
    broken = copy.deepcopy(components)
    pair.breaks(broken)
    assert find_disagreements(broken, [pair]) == [pair.name]


def test_a_key_of_ones_own_is_used_for_archives_alone_too(synthesize):
    key = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d"
    path = synthesize(stage="dev", engine="vllm", s3_kms_key_arn=key, **ADAPTERS_IN_S3)
    template = AdapterTemplate(json.loads(path.read_text(encoding="utf-8")))
    (decrypt,) = template.statements("kms:Decrypt")
    assert decrypt["Resource"] == key


@pytest.fixture(scope="module")
def changed(synthesize):
    def synthesized(**settings):
        asked = (
            {"stage": "dev", "engine": "vllm", "adapter_slots": "4", "adapter_rank": "16"} | ADAPTERS_IN_S3 | settings
        )
        path = synthesize(**{key: value for key, value in asked.items() if value})
        return AdapterTemplate(json.loads(path.read_text(encoding="utf-8")))

    return synthesized


def test_an_adapter_more_is_a_component_more_and_nothing_of_the_base(changed):
    before = changed()
    after = changed(adapters=f"{ADAPTERS_IN_S3['adapters']},eve=s3://twins/eve.tar.gz")
    assert len(after.adapters) == len(before.adapters) + 1
    assert (after.base_id, after.base) == (before.base_id, before.base)
    assert after.environment() == before.environment()


def test_none_left_leaves_the_base_as_it_is_where_slots_are_kept(changed):
    assert changed(adapters="").base == changed().base


def test_another_version_of_an_adapter_is_an_update_in_place(changed):
    before, after = changed(), changed(adapters=ADAPTERS_IN_S3["adapters"].replace("1.tar.gz", "2.tar.gz"))
    assert after.adapters.keys() == before.adapters.keys()
    assert after.artifacts() != before.artifacts()


@pytest.mark.parametrize(
    "change", [{"instance_type": "ml.g6.2xlarge"}, {"model": "mlabonne/TwinLlama-3.1-8B"}], ids=str
)
def test_another_base_is_another_endpoint_and_all_adapters_anew(changed, change):
    before, after = changed(), changed(**change)
    assert not before.adapters.keys() & after.adapters.keys()
    assert before.base_id != after.base_id


def test_an_endpoint_begins_and_ceases_to_take_adapters_by_replacement(changed):
    assert changed().base_id != changed(adapters="", adapter_slots="").base_id
