"""Alibaba's Qwen 2.5, tuned to follow instructions.

The config.json names a sliding window and does not use it (`"use_sliding_window": false`): every layer sees everything.
Positions are those without YaRN.
"""

from dataclasses import replace

from model.spec import Dtype, ModelSpec, PromptFormat, Quantization

_QWEN2_0_5B = ModelSpec(
    model_id="Qwen/Qwen2.5-0.5B-Instruct",
    revision="7ae557604adf67be50417f59c2c2f167def9a775",
    model_type="qwen2",
    parameters=494_032_768,
    layers=24,
    hidden_size=896,
    intermediate_size=4864,
    attention_heads=14,
    kv_heads=2,
    head_dim=64,
    vocab_size=151_936,
    max_positions=32_768,
    dtype=Dtype.BFLOAT16,
    prompt_format=PromptFormat.CHATML,
    tied_embeddings=True,
)

_QWEN2_1_5B = replace(
    _QWEN2_0_5B,
    model_id="Qwen/Qwen2.5-1.5B-Instruct",
    revision="989aa7980e4cf806f80c7fef2b1adb7bc71aa306",
    parameters=1_543_714_304,
    layers=28,
    hidden_size=1536,
    intermediate_size=8960,
    attention_heads=12,
    kv_heads=2,
    head_dim=128,
)

_QWEN2_3B = replace(
    _QWEN2_0_5B,
    model_id="Qwen/Qwen2.5-3B-Instruct",
    revision="aa8e72537993ba99e69dfaafa59ed015b17504d1",
    parameters=3_085_938_688,
    layers=36,
    hidden_size=2048,
    intermediate_size=11_008,
    attention_heads=16,
    kv_heads=2,
    head_dim=128,
)

_QWEN2_7B = replace(
    _QWEN2_0_5B,
    model_id="Qwen/Qwen2.5-7B-Instruct",
    revision="a09a35458c702b33eeacc393d103063234e8bc28",
    parameters=7_615_616_512,
    layers=28,
    hidden_size=3584,
    intermediate_size=18_944,
    attention_heads=28,
    kv_heads=4,
    head_dim=128,
    vocab_size=152_064,
    tied_embeddings=False,
)

_QWEN2_14B = replace(
    _QWEN2_0_5B,
    model_id="Qwen/Qwen2.5-14B-Instruct",
    revision="cf98f3b3bbb457ad9e2bb7baf9a0125b6b88caa8",
    parameters=14_770_033_664,
    layers=48,
    hidden_size=5120,
    intermediate_size=13_824,
    attention_heads=40,
    kv_heads=8,
    head_dim=128,
    vocab_size=152_064,
    tied_embeddings=False,
)

_QWEN2_32B = replace(
    _QWEN2_0_5B,
    model_id="Qwen/Qwen2.5-32B-Instruct",
    revision="5ede1c97bbab6ce5cda5812749b4c0bdf79b18dd",
    parameters=32_763_876_352,
    layers=64,
    hidden_size=5120,
    intermediate_size=27_648,
    attention_heads=40,
    kv_heads=8,
    head_dim=128,
    vocab_size=152_064,
    tied_embeddings=False,
)

_QWEN2_72B = replace(
    _QWEN2_0_5B,
    model_id="Qwen/Qwen2.5-72B-Instruct",
    revision="495f39366efef23836d0cfae4fbe635880d2be31",
    parameters=72_706_203_648,
    layers=80,
    hidden_size=8192,
    intermediate_size=29_568,
    attention_heads=64,
    kv_heads=8,
    head_dim=128,
    vocab_size=152_064,
    tied_embeddings=False,
)

_QWEN2_7B_AWQ = replace(
    _QWEN2_7B,
    model_id="Qwen/Qwen2.5-7B-Instruct-AWQ",
    revision="b25037543e9394b818fdfca67ab2a00ecc7dd641",
    dtype=Dtype.FLOAT16,
    quantization=Quantization.AWQ,
)

QWEN2 = (
    _QWEN2_0_5B,
    _QWEN2_1_5B,
    _QWEN2_3B,
    _QWEN2_7B,
    _QWEN2_14B,
    _QWEN2_32B,
    _QWEN2_72B,
    _QWEN2_7B_AWQ,
)
