import re
from dataclasses import replace

import pytest

from model.catalog import SMOLLM2, TWIN_LLAMA_DPO, find
from model.engines import Engine
from model.errors import DoesNotFitError, InvalidLimitsError, UnsupportedModelError
from model.fit import check_fit
from model.hardware import find_instance
from model.limits import ServingLimits

LIMITS = ServingLimits(
    max_input_tokens=4096,
    max_total_tokens=6144,
    max_batch_prefill_tokens=4096,
    max_batch_total_tokens=24_576,
    max_concurrent_requests=64,
)
SEVENTY = find("meta-llama/Llama-3.1-70B-Instruct")


def fit(spec=TWIN_LLAMA_DPO, *, instance="ml.g5.2xlarge", limits=LIMITS, **changes):
    arguments = {"gpus_per_copy": 1, "min_copies": 0, "max_copies": 2} | changes
    return check_fit(spec=spec, limits=limits, instance=find_instance(instance), **arguments)


def test_the_book_s_model_fits_the_book_s_instance():
    found = fit()
    assert found.kv_tokens >= LIMITS.max_batch_total_tokens
    assert (found.copies_per_instance, found.min_instances) == (1, 0)


def test_a_rolling_update_has_room_for_one_copy_more():
    assert fit(max_copies=2).max_instances == 3
    assert fit(instance="ml.g5.12xlarge", max_copies=3).max_instances == 1
    assert fit(instance="ml.g5.12xlarge", max_copies=4).max_instances == 2


def test_copies_share_an_instance_as_far_as_its_gpus_go():
    assert fit(instance="ml.g5.12xlarge").copies_per_instance == 4
    assert fit(instance="ml.g5.12xlarge", gpus_per_copy=2).copies_per_instance == 2
    assert fit(instance="ml.g5.16xlarge").copies_per_instance == 1


def test_the_least_number_of_copies_decides_the_least_number_of_instances():
    assert fit(min_copies=2, max_copies=4).min_instances == 2
    assert fit(instance="ml.g5.12xlarge", min_copies=2, max_copies=4).min_instances == 1


def refusal(*arguments, **changes):
    with pytest.raises(DoesNotFitError) as caught:
        fit(*arguments, **changes)
    return str(caught.value)


def test_too_many_tokens_are_refused_with_how_many_there_are_and_the_smallest_instance_that_fits():
    message = refusal(limits=replace(LIMITS, max_batch_total_tokens=100_000))
    assert "on 1 GPU(s) of ml.g5.2xlarge (22888 MiB each) leaves room for" in message
    assert "max_batch_total_tokens is 100000" in message
    room = int(re.search(r"max_batch_total_tokens of at most (\d+)", message)[1])
    fit(limits=replace(LIMITS, max_batch_total_tokens=room))
    name, gpus = re.search(r"instance_type=(\S+) with gpus_per_copy=(\d)", message).groups()
    fit(instance=name, gpus_per_copy=int(gpus), limits=replace(LIMITS, max_batch_total_tokens=100_000))


def test_too_long_a_context_is_refused_with_the_longest_that_fits_two_at_once():
    message = refusal(limits=replace(LIMITS, max_total_tokens=32_768, max_batch_total_tokens=65_536))
    total, prompt, batch = map(
        int,
        re.search(
            r"max_total_tokens of at most (\d+) with max_input_tokens and max_batch_prefill_tokens of (\d+) and "
            r"max_batch_total_tokens of (\d+)",
            message,
        ).groups(),
    )
    assert 10_000 < total < 32_768
    fit(
        limits=replace(
            LIMITS,
            max_input_tokens=prompt,
            max_batch_prefill_tokens=prompt,
            max_total_tokens=total,
            max_batch_total_tokens=batch,
        )
    )


def test_a_model_beyond_the_gpu_is_refused_with_what_holds_it():
    message = refusal(SEVENTY)
    assert "leaves no room for any token" in message
    name, gpus = re.search(r"instance_type=(\S+) with gpus_per_copy=(\d)", message).groups()
    fit(SEVENTY, instance=name, gpus_per_copy=int(gpus))
    assert "max_batch_total_tokens of" not in message


def test_quantization_is_suggested_where_it_is_enough():
    limits = replace(LIMITS, max_batch_total_tokens=60_000)
    assert "quantization=eetq (8-bit weights)" in refusal(limits=limits)
    assert "quantization=fp8 (8-bit weights)" in refusal(limits=limits, engine=Engine.VLLM)
    assert "quantization" not in refusal(limits=replace(limits, max_batch_total_tokens=120_000))


def test_what_no_instance_holds_is_said_so():
    assert "No known instance type holds it" in refusal(replace(SEVENTY, parameters=10**13))


def test_more_gpus_than_the_instance_has_are_refused():
    assert refusal(gpus_per_copy=2) == "gpus_per_copy is 2. ml.g5.2xlarge has 1 GPU(s): 1 to that many."
    assert "gpus_per_copy is 0." in refusal(gpus_per_copy=0)


def test_heads_that_cannot_be_shared_out_are_refused_with_the_counts_that_can():
    message = refusal(SMOLLM2, instance="ml.g5.12xlarge", gpus_per_copy=2)
    assert "9 attention and 3 key/value heads" in message
    assert message.endswith("Set gpus_per_copy to one of 1, 3.")


def test_an_engine_that_repeats_key_value_heads_can_spread_further():
    gemma = find("google/gemma-3-1b-it")  # four attention heads, one key/value head
    assert "Set gpus_per_copy to one of 1." in refusal(gemma, instance="ml.g5.12xlarge", gpus_per_copy=4)
    fit(gemma, instance="ml.g5.12xlarge", gpus_per_copy=4, engine=Engine.VLLM)


def test_a_model_that_the_engine_does_not_serve_is_refused():
    with pytest.raises(UnsupportedModelError, match=r"Set engine=vllm"):
        fit(find("Qwen/Qwen3-4B"))
    fit(find("Qwen/Qwen3-4B"), engine=Engine.VLLM)


def test_limits_under_which_one_request_fills_the_batch_are_refused():
    with pytest.raises(InvalidLimitsError, match=r"one request of max_total_tokens=6144 would fill the batch"):
        fit(limits=replace(LIMITS, max_batch_total_tokens=6144))


def test_limits_beyond_the_positions_are_refused():
    with pytest.raises(InvalidLimitsError, match=r"At most 8192"):
        fit(SMOLLM2, limits=replace(LIMITS, max_total_tokens=12_288))


def test_a_sleeping_endpoint_comes_with_a_note_and_one_that_stays_awake_without():
    assert fit(min_copies=0).notes[0].startswith("min_copies is 0: the endpoint sleeps")
    assert fit(min_copies=1).notes == ()


def test_no_room_for_an_update_at_full_size_is_noted():
    assert "cannot start the new copy" in fit(min_copies=1, max_copies=4, max_instances=4).notes[0]
    assert fit(min_copies=1, max_copies=4, max_instances=5).notes == ()


def test_too_little_host_memory_is_refused():
    wide = replace(SMOLLM2, attention_heads=8, kv_heads=8)
    small = replace(find_instance("ml.g5.48xlarge"), host_memory_mib=16 * 1024)
    with pytest.raises(
        DoesNotFitError, match=r"reserves 16641 MiB of main memory and 10 cores; ml.g5.48xlarge has 16384 MiB"
    ):
        check_fit(spec=wide, limits=LIMITS, instance=small, gpus_per_copy=8, min_copies=1, max_copies=1)


def test_more_copies_than_the_instances_hold_are_refused_with_both_ways_out():
    assert refusal(max_copies=4, max_instances=3) == (
        "4 copies of 1 GPU(s) need 4 x ml.g5.2xlarge; max_instances is 3. "
        "Raise max_instances to 4, or lower max_copies to 3."
    )
    assert fit(max_copies=4, max_instances=4).max_instances == 4
