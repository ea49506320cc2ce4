"""Meta's Llama 3.1, tuned to follow instructions. Gated: Meta's licence has to be accepted on the hub."""

from dataclasses import replace

from model.spec import Dtype, ModelSpec, PromptFormat, Quantization

LLAMA_8B = ModelSpec(
    model_id="meta-llama/Llama-3.1-8B-Instruct",
    revision="0e9e39f249a16976918f6564b8830bc894c89659",
    model_type="llama",
    parameters=8_030_261_248,
    layers=32,
    hidden_size=4096,
    intermediate_size=14_336,
    attention_heads=32,
    kv_heads=8,
    head_dim=128,
    vocab_size=128_256,
    max_positions=131_072,
    dtype=Dtype.BFLOAT16,
    prompt_format=PromptFormat.LLAMA3,
    gated=True,
)

_LLAMA_70B = replace(
    LLAMA_8B,
    model_id="meta-llama/Llama-3.1-70B-Instruct",
    revision="1605565b47bb9346c5515c34102e054115b4f98b",
    parameters=70_553_706_496,
    layers=80,
    hidden_size=8192,
    intermediate_size=28_672,
    attention_heads=64,
)

# The same in 4 bits, by people at Hugging Face, for anybody to download.
_LLAMA_70B_AWQ = replace(
    _LLAMA_70B,
    model_id="hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4",
    revision="2123003760781134cfc31124aa6560a45b491fdf",
    dtype=Dtype.FLOAT16,
    quantization=Quantization.AWQ,
    gated=False,
)

LLAMA = (LLAMA_8B, _LLAMA_70B, _LLAMA_70B_AWQ)
