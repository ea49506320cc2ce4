"""Further models on the endpoint of the main one: components, scaling, alarms and permissions of their own.

What must agree is a table (agreement/beside_pairs.py).
"""

import copy
import json
import re

import pytest
from aws_cdk import App

from model.errors import DoesNotFitError, GatedModelError, InvalidSpecError, UnknownModelError
from stacks.context import read_settings
from stacks.endpoint_stack import EndpointStack
from stacks.errors import NotAllowedError
from tests.stacks.agreement.beside_pairs import PAIRS, SharedTemplate
from tests.stacks.agreement.endpoint_pairs import COMPONENT, ENDPOINT, MODEL
from tests.stacks.agreement.pair import find_disagreements

QWEN, SMOL = "Qwen/Qwen2.5-0.5B-Instruct", "HuggingFaceTB/SmolLM2-360M-Instruct"


@pytest.fixture(scope="module")
def path(synthesize):
    beside = f"{QWEN}=s3://weights/qwen/,{SMOL}=s3://others/smol/"
    settings = {"beside": beside, "beside_max_copies": "2", "monitoring": "true"}
    return synthesize(stage="prod", s3_uri="s3://weights/twin/", **settings)


@pytest.fixture(scope="module")
def template(path):
    return SharedTemplate(json.loads(path.read_text(encoding="utf-8")))


def test_each_is_watched_as_the_main_one_is(path, template):
    monitoring = json.loads(path.with_name(path.name.replace("-endpoint.", "-monitoring.")).read_text(encoding="utf-8"))
    bodies = monitoring["Resources"].values()
    alarms = [body["Properties"] for body in bodies if body["Type"] == "AWS::CloudWatch::Alarm"]
    kept = {body["Properties"]["LogGroupName"] for body in bodies if body["Type"] == "Custom::LogRetention"}
    read = {body["Properties"]["LogGroupName"] for body in bodies if body["Type"] == "AWS::Logs::MetricFilter"}
    names = {len([alarm for alarm in alarms if name in json.dumps(alarm)]) for name in template.names.values()}
    assert (len(names), len(alarms) % len(template.names)) == (1, 0)
    assert read == {f"/aws/sagemaker/InferenceComponents/{name}" for name in template.names.values()}
    assert read < kept
    # Each counts in a namespace of its own: a filter has no dimension for it.
    spaces = {
        one["MetricNamespace"]
        for body in bodies
        if body["Type"] == "AWS::Logs::MetricFilter"
        for one in body["Properties"]["MetricTransformations"]
    }
    assert len(spaces) == len(template.names)


def test_all_pairs_agree(template):
    assert find_disagreements(template, PAIRS) == []


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_a_pair_that_is_broken_is_reported(template, pair):
    broken = copy.deepcopy(template)
    pair.breaks(broken)
    assert find_disagreements(broken, [pair]) == [pair.name]


def test_each_has_a_model_and_a_component_on_the_one_endpoint(template):
    assert (len(template.all(MODEL)), len(template.all(COMPONENT)), len(template.all(ENDPOINT))) == (3, 3, 1)
    main = template.output("InferenceComponentName").removesuffix("-llm")
    assert template.output("BesideComponents") == (
        f"{QWEN}={main}-beside-qwen2-5-0-5b-instruct,{SMOL}={main}-beside-smollm2-360m-instruct"
    )


def test_nothing_of_the_main_model_is_another_for_it(synthesize):
    """It is added in place: of what was there, the fleet grows and callers are allowed more."""
    before, after = (
        json.loads(synthesize(stage="dev", **beside).read_text(encoding="utf-8")) for beside in ({}, {"beside": QWEN})
    )
    assert before["Resources"].keys() <= after["Resources"].keys()
    changed = {body["Type"] for name, body in before["Resources"].items() if after["Resources"][name] != body}
    assert changed == {"AWS::SageMaker::EndpointConfig", "AWS::SSM::Parameter", "AWS::IAM::ManagedPolicy"}


def test_it_sleeps_where_the_main_model_does_and_may_be_told_otherwise():
    def least(**context):
        return read_settings({"beside": QWEN} | context, {}).min_copies_beside

    assert (least(stage="dev"), least(stage="prod")) == (0, 1)
    assert least(stage="prod", beside_max_copies="4") == 2
    assert least(stage="dev", beside_min_copies="1") == 1


@pytest.mark.parametrize(
    ("context", "error", "message"),
    [
        ({"beside": "nobody/knows"}, UnknownModelError, "model 'nobody/knows' is not in the catalogue."),
        ({"beside": f"{QWEN},"}, InvalidSpecError, f"beside is '{QWEN},'. It must read 'MODEL,…' or"),
        ({"beside": f"{QWEN}=s3://weights"}, InvalidSpecError, "'s3://weights' is not a prefix in S3."),
        ({"beside": f"{QWEN},{QWEN}"}, NotAllowedError, "one model of the name 'qwen2-5-0-5b-instruct'"),
        ({"beside": "mlabonne/TwinLlama-3.1-8B-DPO"}, NotAllowedError, "Allowed: models other than the main one."),
        (
            {"beside": QWEN, "s3_uri": "s3://weights/twin/"},
            NotAllowedError,
            "Allowed: MODEL=s3://BUCKET/PREFIX/: beside weights in S3 no container reaches the hub.",
        ),
        ({"beside_max_copies": "2"}, NotAllowedError, "beside_max_copies is '2'. Allowed: only with beside=MODEL."),
        ({"beside": QWEN, "beside_max_copies": "0"}, NotAllowedError, "beside_max_copies is 0. Allowed: 1 or more."),
        ({"beside": QWEN, "beside_min_copies": "2"}, NotAllowedError, "beside_min_copies is 2. Allowed: 0 to 1."),
        ({"beside": QWEN, "name": "a" * 24}, NotAllowedError, "whose component's name has at most 63 characters; aaa"),
    ],
)
def test_a_wrong_setting_is_refused(context, error, message):
    with pytest.raises(error, match=re.escape(message)):
        read_settings({"stage": "dev"} | context, {})


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"max_instances": "2"}, "the copies of 2 models need 3 instances together (2 of mlabonne/TwinLlama"),
        (
            {"beside_gpus_per_copy": "2"},
            f"beside has {QWEN}: gpus_per_copy is 2. ml.g5.2xlarge has 1 GPU(s): 1 to that many. Of a model beside",
        ),
        ({"beside": "Qwen/Qwen2.5-32B-Instruct"}, "Qwen/Qwen2.5-32B-Instruct on 1 GPU(s) of ml.g5.2xlarge"),
    ],
)
def test_what_does_not_fit_beside_each_other_is_refused_at_synth(cdk_context, context, message):
    settings = read_settings({"stage": "dev", "beside": QWEN} | context, {})
    with pytest.raises(DoesNotFitError, match=re.escape(message)):
        EndpointStack(App(context=cdk_context), settings=settings)


def test_a_gated_model_beside_is_refused_with_how_its_weights_are_named(cdk_context):
    settings = read_settings({"stage": "dev", "beside": "meta-llama/Llama-3.1-8B-Instruct"}, {})
    with pytest.raises(
        GatedModelError,
        match=r"^beside has meta-llama/.*: model .* is gated: .* s3_uri is beside=MODEL=s3://BUCKET/PREFIX/",
    ):
        EndpointStack(App(context=cdk_context), settings=settings)
