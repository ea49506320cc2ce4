"""An instance type cannot change under an endpoint that hosts components: everything that hangs on it is made anew."""

import json
import re

import pytest

from model.engines import Engine
from model.images import find_image
from stacks.context import read_settings

REPLACED = {
    "AWS::SageMaker::EndpointConfig",
    "AWS::SageMaker::Endpoint",
    "AWS::SageMaker::InferenceComponent",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudWatch::Alarm",
}


@pytest.fixture(scope="module")
def synthesized(synthesize):
    def load(**settings):
        return json.loads(synthesize(stage="dev", **settings).read_text(encoding="utf-8"))

    return load


@pytest.fixture(scope="module")
def before(templates):
    return templates["dev"]


def kinds(template, names):
    return {template["Resources"][name]["Type"] for name in names}


def component_of(template):
    (component,) = (b for b in template["Resources"].values() if b["Type"] == "AWS::SageMaker::InferenceComponent")
    return component["Properties"]


def names_in(template):
    """Names in it, but for the policy's: that one stays and is turned to the new endpoint."""
    text = json.dumps(template)
    names = {name for name in text.split('"') if name.startswith("llm-twin-dev-")}
    return names - {"llm-twin-dev-us-east-1-invoke"}


@pytest.mark.parametrize(
    "change", [{"instance_type": "ml.g6.2xlarge"}, {"s3_uri": "s3://bucket/twin/"}, {"engine": "vllm"}], ids=str
)
def test_a_change_that_the_endpoint_cannot_take_makes_it_and_all_that_hangs_on_it_anew(before, synthesized, change):
    after = synthesized(**change)
    gone = before["Resources"].keys() - after["Resources"].keys()
    new = after["Resources"].keys() - before["Resources"].keys()
    assert kinds(before, gone) == kinds(after, new) == REPLACED
    assert len(gone) == len(new) == len(REPLACED) + 2  # two policies, two alarms


def test_another_engine_is_another_endpoint_though_the_ami_be_the_same(monkeypatch):
    """Callers ask it in another form: no copy may be exchanged for one that refuses theirs."""
    image = find_image(engine=Engine.TGI, region="us-east-1")
    monkeypatch.setattr("stacks.settings.find_image", lambda **_: image)
    assert len({read_settings({"engine": engine.value}, {}).replacement_key for engine in Engine}) == len(Engine)


def test_nothing_else_differs(before, synthesized):
    def without_key(template, instance_type):
        key = component_of(template)["InferenceComponentName"].split("-")[-2]
        return re.sub(f"{key}([0-9A-F]{{8}})?", "KEY", json.dumps(template)).replace(instance_type, "TYPE")

    after = synthesized(instance_type="ml.g6.2xlarge")
    assert json.loads(without_key(before, "ml.g5.2xlarge")) == json.loads(without_key(after, "ml.g6.2xlarge"))


def test_old_and_new_can_stand_beside_each_other(before, synthesized):
    """CloudFormation deletes the old only when the new serves: no physical name may be in both."""
    after = synthesized(instance_type="ml.g6.2xlarge")
    assert names_in(before)
    assert not names_in(before) & names_in(after)


def test_the_policy_of_callers_stays_and_names_the_new_ones(before, synthesized):
    after = synthesized(instance_type="ml.g6.2xlarge")
    (kept,) = (name for name, body in before["Resources"].items() if body["Type"] == "AWS::IAM::ManagedPolicy")
    old, new = (template["Resources"][kept]["Properties"] for template in (before, after))
    assert {key for key in old if old[key] != new[key]} == {"PolicyDocument"}


@pytest.mark.parametrize(
    "change",
    [
        {"model": "mlabonne/TwinLlama-3.1-8B"},
        {"max_total_tokens": "8192"},
        {"max_copies": "3"},
        {"min_copies": "1"},
        {"startup_timeout_s": "1800"},
        {"target_concurrency": "9"},
        {"roll_back_on_errors": "false"},
    ],
    ids=str,
)
def test_every_other_change_is_made_in_place(before, synthesized, change):
    after = synthesized(**change)
    assert after != before
    assert after["Resources"].keys() == before["Resources"].keys()
    assert names_in(after) == names_in(before)


def test_going_back_gives_the_first_template_again(before, synthesized):
    assert synthesized(instance_type="ml.g5.2xlarge") == before


@pytest.mark.parametrize(
    "change",
    [{"min_copies": "2"}, {"max_copies": "3"}, {"target_concurrency": "9"}, {"max_total_tokens": "8192"}],
    ids=str,
)
def test_no_deploy_touches_the_copy_count_that_scaling_has_set(before, synthesized, change):
    """A changed number is what CloudFormation sets the count to: of the component at most its model's name changes."""
    assert component_of(synthesized(**change)) == component_of(before)


def test_a_fix_for_an_endpoint_that_fails_already_is_not_taken_back(synthesized):
    assert set(component_of(synthesized(roll_back_on_errors="false"))["DeploymentConfig"]) == {"RollingUpdatePolicy"}
