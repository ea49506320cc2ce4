from dataclasses import replace

import pytest

from model.catalog import TWIN_LLAMA_DPO, find
from model.engines import Engine
from model.errors import DoesNotFitError
from model.hardware import find_instance
from model.limits import ServingLimits
from model.plan import Deployment, make_plan
from model.sharing import Share

BOOK = Deployment(
    spec=TWIN_LLAMA_DPO,
    engine=Engine.TGI,
    limits=ServingLimits(
        max_input_tokens=4096,
        max_total_tokens=6144,
        max_batch_prefill_tokens=4096,
        max_batch_total_tokens=24_576,
        max_concurrent_requests=64,
    ),
    instance=find_instance("ml.g5.2xlarge"),
    gpus_per_copy=1,
    region="us-east-1",
    min_copies=0,
    max_copies=2,
    max_instances=None,
    target_concurrency=8,
)


def test_a_plan_holds_what_the_arithmetic_says():
    plan = make_plan(BOOK)
    assert plan.weights_bytes == 8_030_261_248 * 2
    assert plan.kv_bytes_per_token == 128 * 1024
    assert plan.image.cuda == (12, 4)
    assert plan.blocker is None
    assert plan.cost.idle_usd == 0
    assert all(one.serving_usd < plan.cost.serving_usd for one in plan.cheaper)
    assert plan.derived_limits.max_batch_total_tokens <= plan.fit.kv_tokens


def test_speeds_are_of_one_stream_of_the_target_and_of_all_that_there_is_room_for():
    plan = make_plan(BOOK)
    longest = plan.fit.kv_tokens // 6144
    assert [one.batch_size for one in plan.speeds] == sorted({1, longest, 8})
    # Eight of the greatest length have no room side by side: these are shorter.
    assert [one.context_tokens for one in plan.speeds] == [6144, 6144, plan.fit.kv_tokens // 8]
    assert all(one.batch_size * one.context_tokens <= plan.fit.kv_tokens for one in plan.speeds)


def test_no_more_streams_are_reckoned_with_than_are_let_in():
    limits = replace(BOOK.limits, max_concurrent_requests=2)
    assert [one.batch_size for one in make_plan(replace(BOOK, limits=limits)).speeds] == [1, 2]


def test_a_gated_model_fits_and_is_blocked_until_its_weights_are_in_a_bucket():
    gated = find("meta-llama/Llama-3.1-8B-Instruct")
    assert "s3_uri" in make_plan(replace(BOOK, spec=gated)).blocker
    copied = replace(gated, s3_uri="s3://bucket/llama/")
    assert make_plan(replace(BOOK, spec=copied)).blocker is None


def test_a_gated_model_beside_blocks_the_plan_like_the_main_one():
    gated = find("meta-llama/Llama-3.1-8B-Instruct")
    share = Share(spec=gated, limits=BOOK.limits, gpus_per_copy=1, min_copies=0, max_copies=1)
    assert make_plan(replace(BOOK, beside=(share,))).blocker.startswith(f"beside has {gated.model_id}: ")


def test_the_engine_decides_image_and_driver():
    plan = make_plan(replace(BOOK, engine=Engine.VLLM))
    assert "vllm" in plan.image.repository
    assert plan.inference_ami != make_plan(BOOK).inference_ami


def test_what_does_not_fit_has_no_plan():
    with pytest.raises(DoesNotFitError, match="What fits: instance_type="):
        make_plan(replace(BOOK, spec=find("Qwen/Qwen2.5-32B-Instruct")))
