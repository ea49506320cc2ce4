"""What IAM would refuse in the end is refused at synth: the reckoned sizes, and those of the templates."""

import json
from dataclasses import replace

import pytest

from model.catalog import SMOLLM2
from stacks.context import read_settings
from stacks.errors import NotAllowedError
from stacks.policy_size import count_callers_characters, count_role_characters

REGION, ACCOUNT = "us-west-2", "123456789012"
PSEUDO = {"AWS::Partition": "aws-us-gov", "AWS::AccountId": ACCOUNT, "AWS::URLSuffix": "amazonaws.com"}
ON_VLLM = {"stage": "dev", "engine": "vllm", "adapter_rank": "8", "region": REGION, "instance_type": "ml.g6e.48xlarge"}


def name_adapters(count, *, key="1"):
    return {"adapters": ",".join(f"twin-{n}=s3://weights-bucket/adapters/{n}/{key}.tar.gz" for n in range(count))}


def resolve(value, resources):
    """A value as CloudFormation passes it on; a reference to a part of the endpoint is its ARN."""
    if isinstance(value, list):
        return [resolve(one, resources) for one in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Join" in value:
        between, parts = value["Fn::Join"]
        return between.join(resolve(parts, resources))
    if "Ref" not in value:
        return {key: resolve(one, resources) for key, one in value.items()}
    if value["Ref"] in PSEUDO:
        return PSEUDO[value["Ref"]]
    properties = resources[value["Ref"]]["Properties"]
    kind = "inference-component" if "InferenceComponentName" in properties else "endpoint"
    name = properties.get("InferenceComponentName") or properties["EndpointName"]
    return f"arn:aws-us-gov:sagemaker:{REGION}:{ACCOUNT}:{kind}/{name}"


def size(document, resources):
    return len(json.dumps(resolve(document, resources), separators=(",", ":")))


@pytest.mark.parametrize(
    "asked",
    [
        name_adapters(5) | {"s3_uri": "s3://weights-bucket/twin/49ea8865/"},
        {
            "s3_uri": "s3://weights-bucket/twin/49ea8865/",
            "beside": ",".join(
                f"Qwen/Qwen2.5-{n}B-Instruct=s3://weights-bucket/qwen/{n}/" for n in ("0.5", "1.5", "7")
            ),
        },
        {},
    ],
    ids=["adapters", "beside", "alone"],
)
def test_the_reckoned_sizes_are_those_of_the_template_or_a_little_more(synthesize, asked):
    settings = read_settings(ON_VLLM | asked, {})
    resources = json.loads(synthesize(**ON_VLLM | asked).read_text(encoding="utf-8"))["Resources"]
    (callers,) = (one for one in resources.values() if one["Type"] == "AWS::IAM::ManagedPolicy")
    (role,) = (one for one in resources.values() if one["Type"] == "AWS::IAM::Role")
    real = size(callers["Properties"]["PolicyDocument"], resources)
    assert real <= count_callers_characters(settings) <= real + 150
    real = sum(size(one["PolicyDocument"], resources) for one in role["Properties"]["Policies"])
    assert real <= count_role_characters(settings) <= real * 1.2 + 250


def test_more_adapters_than_a_policy_can_name_are_refused():
    read_settings(ON_VLLM | name_adapters(50), {})
    with pytest.raises(
        NotAllowedError,
        match=r"^adapters is '60 adapters and 0 models beside'\. Allowed: as many as a policy of 6144 characters can",
    ):
        read_settings(ON_VLLM | name_adapters(60), {})


def test_places_in_s3_that_are_too_long_for_the_role_are_refused():
    with pytest.raises(
        NotAllowedError, match=r"^adapters is .* as many, with names in S3 as long, as a role's policies"
    ):
        read_settings(ON_VLLM | name_adapters(20, key="k" * 240), {})


def test_more_models_beside_than_a_parameter_has_room_for_are_refused():
    added = {one.model_id: one for one in (replace(SMOLLM2, model_id=f"{'o' * 70}/m-{n}") for n in range(40))}
    with pytest.raises(
        NotAllowedError,
        match=r"^beside is '40 models'\. Allowed: as many as a parameter of 4096 characters has room for",
    ):
        read_settings({"stage": "dev", "region": REGION, "beside": ",".join(added)}, {}, added=added)
