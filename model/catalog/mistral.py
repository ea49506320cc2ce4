"""Mistral 7B. Version 0.1 had a sliding window, which 0.2 and 0.3 gave up (`"sliding_window": null`)."""

from model.spec import Dtype, ModelSpec, PromptFormat

_MISTRAL_7B = ModelSpec(
    model_id="mistralai/Mistral-7B-Instruct-v0.3",
    revision="c170c708c41dac9275d15a8fff4eca08d52bab71",
    model_type="mistral",
    parameters=7_248_023_552,
    layers=32,
    hidden_size=4096,
    intermediate_size=14_336,
    attention_heads=32,
    kv_heads=8,
    head_dim=128,
    vocab_size=32_768,
    max_positions=32_768,
    dtype=Dtype.BFLOAT16,
    prompt_format=PromptFormat.CHAT_TEMPLATE,
)

MISTRAL = (_MISTRAL_7B,)
