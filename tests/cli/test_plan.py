import json
import subprocess
import sys
from dataclasses import replace

import pytest

from model.added import FILE_NAME, write_added
from model.catalog import SMOLLM2


def test_a_plan_shows_fit_limits_speed_and_cost(twin):
    ended = twin("plan")
    assert ended.code == 0
    for fact in (
        "mlabonne/TwinLlama-3.1-8B-DPO",
        "tgi on ml.g5.2xlarge (1 x NVIDIA A10G), us-east-1",
        "15.0 GiB over 1 GPU(s) of 22.4 GiB",
        "128 KiB a token",
        "prompt 4,096, with answer 6,144",
        "waits for memory bandwidth",
        "after a prompt of 4,096 tokens on an idle copy",
        "$1.515 an hour",
        "instance_type=ml.g6.xlarge",
        "Prices: on demand, us-east-1, 2026-08",
    ):
        assert fact in ended.out


def test_the_plan_of_a_stage_is_of_that_stage_s_settings(twin):
    dev, prod = (json.loads(twin("plan", "--stage", stage, "--json").out) for stage in ("dev", "prod"))
    assert dev["cost"]["idle_usd"] == 0
    assert prod["cost"]["idle_usd"] > 0


def test_the_stage_may_be_said_as_cdk_is_told_it(twin):
    assert twin("plan", "-c", "stage=prod").out == twin("plan", "--stage", "prod").out != twin("plan").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--stage", "dev", "-c", "stage=prod"), "stage is 'dev', and 'prod' by -c stage=prod."),
        (("--instance", "ml.g5.xlarge", "-c", "instance_type=ml.g6.xlarge"), "and 'ml.g6.xlarge' by -c instance_type="),
    ],
)
def test_an_option_that_says_another_thing_than_a_setting_ends_with_2(twin, arguments, message):
    ended = twin("plan", *arguments)
    assert ended.code == 2
    assert message in ended.err
    assert "Say it once." in ended.err


def test_a_plan_of_several_models_reckons_their_instances_together(twin):
    beside = ("-c", "beside=Qwen/Qwen2.5-0.5B-Instruct", "-c", "beside_max_copies=3")
    found = json.loads(twin("plan", "--json", *beside).out)
    assert found["cost"]["busiest_usd"] == pytest.approx(5 * found["deployment"]["instance"]["usd_per_hour"])
    assert found["fit"]["max_instances"] == 7
    assert "Qwen/Qwen2.5-0.5B-Instruct, 0 to 3 copies, 1 GPU(s) each" in twin("plan", *beside).out


def test_a_plan_for_machines_is_json(twin):
    ended = twin("plan", "--json", "-c", "max_copies=4")
    found = json.loads(ended.out)
    assert ended.code == 0
    assert found["fits"] is True
    assert found["deployment"]["spec"]["model_id"] == "mlabonne/TwinLlama-3.1-8B-DPO"
    assert found["deployment"]["max_copies"] == 4
    assert found["fit"]["kv_tokens"] >= found["deployment"]["limits"]["max_batch_total_tokens"]
    assert found["cost"]["busiest_usd"] == pytest.approx(4 * found["deployment"]["instance"]["usd_per_hour"])
    assert {speed["batch_size"] for speed in found["speeds"]} >= {1, 8}
    assert found["prices"]["region"] == "us-east-1"


def test_what_does_not_fit_ends_with_1_and_what_would(twin):
    ended = twin("plan", "--model", "Qwen/Qwen2.5-32B-Instruct")
    assert ended.code == 1
    assert "does not fit:" in ended.out
    assert "What fits: instance_type=" in ended.out
    found = twin("plan", "--model", "Qwen/Qwen2.5-32B-Instruct", "--json")
    assert found.code == 1
    refusal = json.loads(found.out)
    assert refusal["fits"] is False
    assert refusal["refusal"]["error"] == "DoesNotFitError"
    assert "instance_type=" in refusal["refusal"]["remedy"]


def test_another_instance_and_quantization_make_it_fit(twin):
    ended = twin(
        "plan", "--model", "Qwen/Qwen2.5-32B-Instruct", "--instance", "ml.g6e.xlarge", "-c", "quantization=eetq"
    )
    assert ended.code == 0
    assert "quantized as eetq" in ended.out


def test_a_gated_model_fits_and_ends_with_1_until_its_weights_are_in_a_bucket(twin):
    ended = twin("plan", "--model", "meta-llama/Llama-3.1-8B-Instruct")
    assert ended.code == 1
    assert "fits, but does not deploy like this:" in ended.out
    copied = twin("plan", "--model", "meta-llama/Llama-3.1-8B-Instruct", "-c", "s3_uri=s3://bucket/llama/")
    assert copied.code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--model", "nobody/nothing"), "nobody/nothing"),
        (("--instance", "ml.t2.medium"), "ml.t2.medium"),
        (("--stage", "test"), "test"),
        (("-c", "max_copies"), "'max_copies' is no setting"),
        (("-c", "max_copies=many"), "max_copies"),
        (("-c", "colour=red"), "colour"),
    ],
)
def test_what_is_not_known_ends_with_2(twin, arguments, message):
    ended = twin("plan", *arguments)
    assert ended.code == 2
    assert message in ended.err
    assert "Traceback" not in ended.err


def test_an_added_model_is_planned_like_one_of_the_catalogue(twin, checkout):
    write_added(checkout / FILE_NAME, replace(SMOLLM2, model_id="me/mine"))
    ended = twin("plan", "--model", "me/mine")
    assert ended.code == 0
    assert "me/mine" in ended.out


def test_a_file_of_added_models_that_cannot_be_read_ends_with_2(twin, checkout):
    (checkout / FILE_NAME).write_text("{", encoding="utf-8")
    ended = twin("plan")
    assert ended.code == 2
    assert "is not JSON" in ended.err


def test_a_plan_needs_neither_cdk_nor_an_account():
    program = "import sys, cli.commands.plan; print([m for m in sys.modules if m.split('.')[0] in ('aws_cdk', 'jsii')])"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
