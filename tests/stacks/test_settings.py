import re
from dataclasses import replace

import pytest

from model.catalog import SMOLLM2
from model.errors import UnknownEngineError, UnknownInstanceError, UnknownModelError
from model.spec import Quantization
from stacks.context import read_settings
from stacks.errors import NotAllowedError, UnknownSettingError
from stacks.settings import Stage

A_KEY_HERE = "arn:aws:kms:us-east-1:ACCOUNT:key/ID, a key in the region of the bucket and the endpoint"


def test_nothing_said_is_stage_local_in_the_default_region():
    settings = read_settings({}, {})
    assert (settings.stage, settings.region) == (Stage.LOCAL, "us-east-1")
    assert settings.model.model_id == "HuggingFaceTB/SmolLM2-135M-Instruct"


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_cloud_s_default_is_the_book_s_model_on_the_book_s_instance(stage):
    settings = read_settings({"stage": stage}, {})
    assert settings.model.model_id == "mlabonne/TwinLlama-3.1-8B-DPO"
    assert settings.instance_type.name == "ml.g5.2xlarge"


@pytest.mark.parametrize(
    ("environ", "region"),
    [
        ({"CDK_DEFAULT_REGION": "eu-west-1", "AWS_REGION": "us-west-2"}, "eu-west-1"),
        ({"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "sa-east-1"}, "us-west-2"),
        ({"AWS_DEFAULT_REGION": "sa-east-1"}, "sa-east-1"),
        ({"CDK_DEFAULT_REGION": "", "AWS_REGION": "us-west-2"}, "us-west-2"),
    ],
)
def test_the_region_is_the_one_that_the_cdk_cli_deploys_to(environ, region):
    assert read_settings({}, environ).region == region
    assert read_settings({"region": "eu-north-1"}, environ).region == "eu-north-1"


def test_every_setting_can_be_overridden():
    settings = read_settings(
        {
            "stage": "prod",
            "name": "alice-twin",
            "model": "mlabonne/TwinLlama-3.1-8B",
            "instance_type": "ml.g6.12xlarge",
            "gpus_per_copy": "2",
            "min_copies": "1",
            "max_copies": 6,
            "max_instances": "5",
            "target_concurrency": "12",
            "startup_timeout_s": "1800",
            "max_total_tokens": "8192",
            "quantization": "eetq",
            "s3_uri": "s3://bucket/twin/",
            "termination_protection": "false",
        },
        {},
    )
    assert settings.endpoint_stack_name == "alice-twin-prod-endpoint"
    assert settings.published_path == "/alice-twin/prod"
    assert settings.model.model_id == "mlabonne/TwinLlama-3.1-8B"
    assert (settings.model.quantization, settings.model.s3_uri) == ("eetq", "s3://bucket/twin/")
    assert (settings.instance_type.name, settings.gpus_per_copy) == ("ml.g6.12xlarge", 2)
    assert (settings.min_copies, settings.max_copies, settings.max_instances) == (1, 6, 5)
    assert (settings.target_concurrency, settings.startup_timeout_s) == (12, 1800)
    assert (settings.limits.max_total_tokens, settings.limits.max_input_tokens) == (8192, 4096)
    assert settings.termination_protection is False


def test_cdk_s_own_context_is_left_alone():
    cdk = {"@aws-cdk/core:explicitStackTags": True, "aws:cdk:bundling-stacks": ["**"], "cli-telemetry": False}
    assert read_settings(cdk, {}) == read_settings({}, {})


def test_a_misspelt_setting_is_refused_with_the_one_that_was_meant():
    with pytest.raises(UnknownSettingError) as caught:
        read_settings({"min_copy": "2"}, {})
    message = str(caught.value)
    assert message.startswith(
        "setting 'min_copy' is not known. Did you mean 'min_copies'? Known settings: stage, region, "
    )
    assert "instance_type" in message


@pytest.mark.parametrize("key", ["minCopies", "min-copies", "Min_Copies", "MIN_COPIES", "service-image"])
def test_a_setting_in_another_spelling_is_not_left_out_without_a_word(key):
    with pytest.raises(UnknownSettingError, match=rf"^setting '{key}' is not known\."):
        read_settings({key: "1"}, {})


@pytest.mark.parametrize("quantization", ["eetq", "fp8"])
def test_weights_that_are_quantized_are_not_quantized_again(quantization):
    mine = replace(SMOLLM2, model_id="me/awq", quantization=Quantization.AWQ)
    with pytest.raises(
        NotAllowedError,
        match=rf"quantization is '{quantization}'. Allowed: none: the weights of me/awq are quantized already, as awq",
    ):
        read_settings({"model": "me/awq", "quantization": quantization}, {}, added={"me/awq": mine})


def test_weights_that_are_quantized_as_asked_for_are_served_so():
    mine = replace(SMOLLM2, model_id="me/fp8", quantization=Quantization.FP8)
    asked = {"model": "me/fp8", "quantization": "fp8"}
    assert read_settings(asked, {}, added={"me/fp8": mine}).model.quantization == "fp8"


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"stage": "qa"}, "stage is 'qa'. Allowed: local, dev, prod."),
        ({"min_copies": "two"}, "min_copies is 'two'. Allowed: a whole number."),
        ({"min_copies": "1.5"}, "min_copies is '1.5'. Allowed: a whole number."),
        ({"max_copies": "2147483648"}, "max_copies is '2147483648'. Allowed: a whole number of at most 2147483647."),
        (
            {"max_copies": "9" * 5000},
            f"max_copies is '{'9' * 80}…'. Allowed: a whole number of at most 2147483647.",
        ),
        ({"min_copies": "3"}, "min_copies is 3. Allowed: 0 to 2."),
        ({"min_copies": "-1"}, "min_copies is -1. Allowed: 0 to 2."),
        ({"max_copies": "0"}, "max_copies is 0. Allowed: 1 or more."),
        ({"max_instances": "0"}, "max_instances is 0. Allowed: 1 or more."),
        ({"target_concurrency": "33"}, "target_concurrency is 33. Allowed: 1 to 32."),
        ({"startup_timeout_s": "59"}, "startup_timeout_s is 59. Allowed: 60 to 3600."),
        ({"startup_timeout_s": "3601"}, "startup_timeout_s is 3601. Allowed: 60 to 3600."),
        ({"update_wait_s": "3601"}, "update_wait_s is 3601. Allowed: 0 to 3600."),
        (
            {"update_wait_s": "600", "update_timeout_s": "600"},
            "update_wait_s is 600. Allowed: less than update_timeout_s, 600: each new copy is watched for so long.",
        ),
        ({"update_timeout_s": "599"}, "update_timeout_s is 599. Allowed: 600 to 28800."),
        ({"roll_back_on_errors": "no"}, "roll_back_on_errors is 'no'. Allowed: true, false."),
        ({"scale_in_cooldown_s": "-1"}, "scale_in_cooldown_s is -1. Allowed: 0 or more."),
        ({"scale_out_cooldown_s": "-1"}, "scale_out_cooldown_s is -1. Allowed: 0 or more."),
        ({"termination_protection": "maybe"}, "termination_protection is 'maybe'. Allowed: true, false."),
        ({"quantization": "awq"}, "quantization is 'awq'. Allowed: eetq, fp8."),
        *(
            ({"s3_kms_key_arn": key}, f"s3_kms_key_arn is {key!r}. Allowed: {allowed}.")
            for key, allowed in (
                ("alias/weights", A_KEY_HERE),
                ("arn:aws:kms:eu-west-1:123456789012:key/1a2b", A_KEY_HERE),
                (
                    "arn:aws:kms:us-east-1:123456789012:key/1a2b",
                    "only beside s3_uri or adapters in S3, which it decrypts",
                ),
            )
        ),
        ({"name": "Twin_1"}, "name is 'Twin_1'. Allowed: lower-case letters and digits in words joined by hyphens."),
        *(
            (
                {"name": name},
                f"name is {name!r}. Allowed: names that do not begin with aws or ssm, as no parameter may.",
            )
            for name in ("aws-twin", "ssm1")
        ),
        ({"name": "a" * 45}, f"name is '{'a' * 45}'. Allowed: at most 44 characters in stage local."),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_with_what_is(context, message):
    with pytest.raises(NotAllowedError, match=f"^{re.escape(message)}$"):
        read_settings(context, {})


@pytest.mark.parametrize(
    ("context", "error"),
    [
        ({"model": "gpt-5"}, UnknownModelError),
        ({"engine": "ollama"}, UnknownEngineError),
        ({"instance_type": "ml.t3.medium"}, UnknownInstanceError),
    ],
)
def test_what_is_served_has_to_be_known(context, error):
    with pytest.raises(error):
        read_settings(context, {})


def test_a_model_that_the_project_added_is_served_like_one_of_the_catalogue():
    mine = replace(SMOLLM2, model_id="me/mine", revision="a" * 40)
    settings = read_settings({"model": "me/mine", "s3_uri": "s3://bucket/mine/"}, {}, added={"me/mine": mine})
    assert settings.model == replace(mine, s3_uri="s3://bucket/mine/")


def test_an_unknown_model_is_refused_with_the_added_ones_among_the_known():
    mine = replace(SMOLLM2, model_id="me/mine")
    with pytest.raises(UnknownModelError, match=r"^model 'me/other' is not in the catalogue\. Known models: .*me/mine"):
        read_settings({"model": "me/other"}, {}, added={"me/mine": mine})


def test_the_longest_name_that_is_allowed_fills_the_component_s():
    settings = read_settings({"name": "a" * 44}, {})
    assert len(settings.component_name) == 63
