"""Instance types to fall back on: in the template, in what is refused, and in the names."""

import json

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from model.fallback import check_fallbacks
from model.hardware import find_instance
from stacks.context import read_settings
from stacks.errors import NotAllowedError
from tests.stacks.conftest import only

TYPES = ["ml.g5.2xlarge", "ml.g6.2xlarge", "ml.g5.12xlarge"]


@pytest.fixture(scope="module")
def file(synthesize):
    return synthesize(stage="dev", instance_fallback=",".join(TYPES[1:]))


@pytest.fixture(scope="module")
def template(file):
    return json.loads(file.read_text(encoding="utf-8"))


def test_the_endpoint_has_a_pool_of_each_type_in_order_and_the_component_a_specification(template):
    _, config = only(template, "AWS::SageMaker::EndpointConfig")
    (variant,) = config["ProductionVariants"]
    assert variant["InstancePools"] == [
        {"InstanceType": name, "Priority": priority} for priority, name in enumerate(TYPES, start=1)
    ]
    assert "InstanceType" not in variant
    _, component = only(template, "AWS::SageMaker::InferenceComponent")
    assert "Specification" not in component
    specifications = component["Specifications"]
    assert [one.pop("InstanceType") for one in specifications] == TYPES
    assert specifications[1:] == specifications[:-1]


def test_cfn_lint_finds_nothing(file):
    config = ManualArgs(regions=["us-east-1"], ignore_checks=["W3005"])
    assert [str(finding) for finding in lint(file.read_text(encoding="utf-8"), config=config)] == []


def test_there_may_be_as_many_instances_as_the_type_that_holds_the_fewest_copies_needs():
    settings = read_settings({"stage": "prod", "instance_type": "ml.g5.12xlarge"}, {})

    def most(*fallbacks):
        return check_fallbacks(
            spec=settings.model,
            limits=settings.limits,
            instance=settings.instance_type,
            fallbacks=[find_instance(name) for name in fallbacks],
            gpus_per_copy=1,
            min_copies=settings.min_copies,
            max_copies=settings.max_copies,
        )

    assert (most().min_instances, most().max_instances) == (1, 2)
    with_smaller = most("ml.g5.2xlarge")
    assert (with_smaller.copies_per_instance, with_smaller.min_instances, with_smaller.max_instances) == (1, 2, 5)


def test_an_endpoint_without_it_keeps_its_name_and_one_with_it_is_another():
    def name(**context):
        return read_settings({"stage": "dev"} | context, {}).endpoint_name

    assert name() == "llm-twin-dev-2d29d1f7"
    assert len({name(), *(name(instance_fallback=text) for text in ("ml.g6.2xlarge", "ml.g6.4xlarge"))}) == 3


@pytest.mark.parametrize("text", ["ml.g5.2xlarge", "ml.g6.xlarge,ml.g6.xlarge", "ml.g6.xlarge," * 4 + "ml.g5.xlarge"])
def test_at_most_four_other_types_each_once(text):
    with pytest.raises(NotAllowedError, match=r"at most 4 instance types, each once, and not ml\.g5\.2xlarge again\.$"):
        read_settings({"stage": "dev", "instance_fallback": text}, {})
