from dataclasses import replace

import pytest

from model.catalog import TWIN_LLAMA, find
from model.hardware import find_instance
from model.roofline import Bound, estimate_speed
from model.spec import Quantization

A10G = find_instance("ml.g5.12xlarge").gpu


def speed(spec=TWIN_LLAMA, *, gpu=A10G, gpus=1, batch_size=1, prompt_tokens=1000, context_tokens=1000):
    return estimate_speed(
        spec, gpu=gpu, gpus=gpus, batch_size=batch_size, prompt_tokens=prompt_tokens, context_tokens=context_tokens
    )


def test_one_stream_is_as_fast_as_its_bytes_and_operations_by_hand():
    # 8.03e9 parameters; the input embedding, 128256 x 4096, is looked up and not multiplied.
    matrices = 8_030_261_248 - 128_256 * 4096
    kv_bytes = 1000 * 32 * 2 * 8 * 128 * 2
    step_s = (matrices * 2 + kv_bytes) / (600e9 * 0.74) + 2 * matrices / (70e12 * 0.5)
    found = speed()
    assert found.step_s == pytest.approx(step_s, rel=0.001)
    assert found.stream_tokens_per_s == found.copy_tokens_per_s == pytest.approx(1 / step_s, rel=0.001)
    assert found.bound is Bound.BANDWIDTH


def test_the_first_token_is_as_late_as_its_operations_by_hand():
    matrices = 8_030_261_248 - 128_256 * 4096
    operations = 2 * matrices * 1000 + 2 * 32 * 32 * 128 * 1000**2
    assert speed().first_token_s == pytest.approx(operations / 35e12 + matrices * 2 / (600e9 * 0.74), rel=0.001)


def test_a_batch_gives_more_in_all_and_less_to_each():
    alone, eight, many = (speed(batch_size=size) for size in (1, 8, 64))
    assert alone.stream_tokens_per_s > eight.stream_tokens_per_s > many.stream_tokens_per_s
    assert alone.copy_tokens_per_s < eight.copy_tokens_per_s < many.copy_tokens_per_s
    assert many.copy_tokens_per_s < 64 * alone.copy_tokens_per_s


def test_a_large_batch_of_short_streams_waits_for_compute():
    assert speed(batch_size=1000, context_tokens=16).bound is Bound.COMPUTE


def test_two_gpus_are_faster_than_one_and_slower_than_twice_as_fast():
    one, two, four = (speed(gpus=gpus).stream_tokens_per_s for gpus in (1, 2, 4))
    assert one < two < 2 * one
    assert two < four < 2 * two


def test_a_small_model_over_many_gpus_waits_for_the_gpus_to_agree():
    spread = speed(find("Qwen/Qwen2.5-0.5B-Instruct"), gpus=2)
    assert spread.bound is Bound.COMMUNICATION
    assert spread.stream_tokens_per_s < speed(find("Qwen/Qwen2.5-0.5B-Instruct")).stream_tokens_per_s


def test_a_slow_link_makes_a_long_prompt_late():
    slow, fast = (replace(A10G, link_gb_per_s=rate) for rate in (16, 300))
    assert speed(gpu=slow, gpus=4).first_token_s > 1.3 * speed(gpu=fast, gpus=4).first_token_s


def test_quantized_weights_decode_faster_and_read_a_prompt_no_faster():
    plain, quantized = speed(), speed(replace(TWIN_LLAMA, quantization=Quantization.AWQ))
    assert quantized.stream_tokens_per_s > 2 * plain.stream_tokens_per_s
    assert quantized.first_token_s > 0.9 * plain.first_token_s


def test_a_window_is_all_that_is_read_of_a_long_context():
    gemma = find("google/gemma-2-9b-it")
    everywhere = replace(gemma, sliding_window=None, sliding_layers=0)
    assert speed(gemma, context_tokens=4096).step_s == pytest.approx(speed(everywhere, context_tokens=4096).step_s)
    assert speed(gemma, context_tokens=8192).step_s < speed(everywhere, context_tokens=8192).step_s
