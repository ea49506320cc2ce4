from dataclasses import replace

import pytest

from model.catalog import SMOLLM2, TWIN_LLAMA_DPO, find
from model.hardware import A10G, A100_80
from model.memory import (
    count_activations_bytes,
    count_host_mib,
    count_kv_bytes,
    count_kv_bytes_per_token,
    count_kv_tokens,
    count_weights_bytes,
)
from model.spec import Dtype, Quantization

# What the files of the model take on the hub: model-0000{1,2,3,4}-of-00004.safetensors of a bfloat16 Llama 3.1 8B.
LLAMA_8B_FILES_BYTES = 4_976_698_672 + 4_999_802_720 + 4_915_916_176 + 1_168_138_808


def test_unquantized_weights_are_as_large_as_their_files():
    assert count_weights_bytes(TWIN_LLAMA_DPO) == pytest.approx(LLAMA_8B_FILES_BYTES, rel=1e-5)


@pytest.mark.parametrize(
    ("quantization", "gigabytes"),
    # 6.98e9 linear weights at 4.16 or 8 bits, and 2.1 GB of embeddings.
    [(Quantization.AWQ, 5.7), (Quantization.GPTQ, 5.7), (Quantization.EETQ, 9.1), (Quantization.FP8, 9.1)],
)
def test_quantized_weights_keep_their_embeddings_at_16_bits(quantization, gigabytes):
    quantized = replace(TWIN_LLAMA_DPO, quantization=quantization)
    assert count_weights_bytes(quantized) / 1e9 == pytest.approx(gigabytes, rel=0.02)


def test_float32_files_are_served_in_16_bits():
    assert count_weights_bytes(replace(SMOLLM2, dtype=Dtype.FLOAT32)) == count_weights_bytes(SMOLLM2)


def test_a_token_of_llama_8b_takes_128_kib_of_kv_cache():
    assert count_kv_bytes_per_token(TWIN_LLAMA_DPO) == 128 * 1024


def test_a_key_value_head_on_more_gpus_than_there_are_heads_is_held_more_than_once():
    gemma = find("google/gemma-3-1b-it")
    assert count_kv_bytes_per_token(gemma, gpus=4) == 4 * count_kv_bytes_per_token(gemma)
    assert count_kv_bytes_per_token(TWIN_LLAMA_DPO, gpus=4) == count_kv_bytes_per_token(TWIN_LLAMA_DPO)


def test_a_prefill_takes_what_a_server_reported():
    """2.07 GiB for 20,000 tokens and 2.99 GiB for 29,000: https://github.com/vllm-project/vllm/issues/10517."""
    gib = 1024**3
    assert count_activations_bytes(TWIN_LLAMA_DPO, prefill_tokens=20_000) / gib == pytest.approx(2.07, rel=0.02)
    assert count_activations_bytes(TWIN_LLAMA_DPO, prefill_tokens=29_000) / gib == pytest.approx(2.99, rel=0.02)


def test_a_sliding_layer_holds_its_window_and_the_pass_that_moves_it_where_windows_are_freed():
    gemma = find("google/gemma-3-1b-it")  # 22 of 26 layers look back 512 tokens
    full = count_kv_bytes(gemma, tokens=20_000)
    freed = count_kv_bytes(gemma, tokens=20_000, freed_beyond=2048)
    assert full == 20_000 * count_kv_bytes_per_token(gemma)
    assert freed / full == pytest.approx((4 * 20_000 + 22 * (511 + 2048)) / (26 * 20_000))


def test_a_request_within_the_window_takes_as_much_as_ever():
    gemma = find("google/gemma-2-9b-it")
    assert count_kv_bytes(gemma, tokens=4096, freed_beyond=4096) == count_kv_bytes(gemma, tokens=4096)


def test_freed_windows_leave_room_for_more_tokens_and_change_nothing_without_windows():
    def tokens(model_id, *, frees_windows):
        return count_kv_tokens(
            find(model_id), gpu=A10G, gpus=1, prefill_tokens=1024, request_tokens=8192, frees_windows=frees_windows
        )

    gemma, qwen = "google/gemma-3-1b-it", "Qwen/Qwen2.5-7B-Instruct"
    assert tokens(gemma, frees_windows=True) > 2 * tokens(gemma, frees_windows=False)
    assert tokens(qwen, frees_windows=True) == tokens(qwen, frees_windows=False)


def test_an_a10g_holds_llama_8b_and_some_thirty_thousand_tokens():
    assert 25_000 < count_kv_tokens(TWIN_LLAMA_DPO, gpu=A10G, gpus=1, prefill_tokens=4096) < 35_000


def test_more_gpus_make_room_for_more_tokens_than_their_number_says():
    one = count_kv_tokens(TWIN_LLAMA_DPO, gpu=A10G, gpus=1, prefill_tokens=4096)
    four = count_kv_tokens(TWIN_LLAMA_DPO, gpu=A10G, gpus=4, prefill_tokens=4096)
    assert four > 4 * one


def test_longer_prefills_leave_room_for_fewer_tokens():
    short = count_kv_tokens(TWIN_LLAMA_DPO, gpu=A10G, gpus=1, prefill_tokens=2048)
    assert count_kv_tokens(TWIN_LLAMA_DPO, gpu=A10G, gpus=1, prefill_tokens=8192) < short


def test_weights_larger_than_the_gpu_leave_less_than_nothing():
    seventy = replace(TWIN_LLAMA_DPO, parameters=70_553_706_496, layers=80, hidden_size=8192, attention_heads=64)
    assert count_kv_tokens(seventy, gpu=A100_80, gpus=1, prefill_tokens=4096) < 0


def test_host_memory_grows_with_processes_and_stops_growing_with_files():
    assert count_host_mib(SMOLLM2, gpus=1) == 2048 + 257
    assert count_host_mib(TWIN_LLAMA_DPO, gpus=1) == 2048 + 4769
    assert count_host_mib(TWIN_LLAMA_DPO, gpus=4) == 4 * 2048 + 4769
