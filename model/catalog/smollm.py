"""Hugging Face's SmolLM2: small enough to run on a processor, the smallest on the machine that rehearses."""

from dataclasses import replace

from model.spec import Dtype, ModelSpec, PromptFormat

# Its weights come with the project's dependencies.
SMOLLM2 = ModelSpec(
    model_id="HuggingFaceTB/SmolLM2-135M-Instruct",
    revision="12fd25f77366fa6b3b4b768ec3050bf629380bac",
    model_type="llama",
    parameters=134_515_008,
    layers=30,
    hidden_size=576,
    intermediate_size=1536,
    attention_heads=9,
    kv_heads=3,
    head_dim=64,
    vocab_size=49_152,
    max_positions=8192,
    dtype=Dtype.BFLOAT16,
    prompt_format=PromptFormat.CHATML,
    tied_embeddings=True,
)

_SMOLLM2_360M = replace(
    SMOLLM2,
    model_id="HuggingFaceTB/SmolLM2-360M-Instruct",
    revision="a10cc1512eabd3dde888204e902eca88bddb4951",
    parameters=361_821_120,
    layers=32,
    hidden_size=960,
    intermediate_size=2560,
    attention_heads=15,
    kv_heads=5,
)

_SMOLLM2_1_7B = replace(
    SMOLLM2,
    model_id="HuggingFaceTB/SmolLM2-1.7B-Instruct",
    revision="31b70e2e869a7173562077fd711b654946d38674",
    parameters=1_711_376_384,
    layers=24,
    hidden_size=2048,
    intermediate_size=8192,
    attention_heads=32,
    kv_heads=32,
)

SMOLLM = (_SMOLLM2_360M, _SMOLLM2_1_7B)
