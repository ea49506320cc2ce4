"""Google's Gemma 2 and 3, text only. Gated: Google's terms have to be accepted on the hub.

Their layers take turns: in Gemma 2 every other one looks back 4096 tokens only, in Gemma 3 five of six 512. The larger
Gemma 3 models also read images and are not here: what their image encoder takes is not reckoned.
"""

from dataclasses import replace

from model.spec import Dtype, ModelSpec, PromptFormat

_GEMMA2_2B = ModelSpec(
    model_id="google/gemma-2-2b-it",
    revision="299a8560bedf22ed1c72a8a11e7dce4a7f9f51f8",
    model_type="gemma2",
    parameters=2_614_341_888,
    layers=26,
    hidden_size=2304,
    intermediate_size=9216,
    attention_heads=8,
    kv_heads=4,
    head_dim=256,
    vocab_size=256_000,
    max_positions=8192,
    dtype=Dtype.BFLOAT16,
    prompt_format=PromptFormat.CHAT_TEMPLATE,
    tied_embeddings=True,
    sliding_window=4096,
    sliding_layers=13,
    gated=True,
)

_GEMMA2_9B = replace(
    _GEMMA2_2B,
    model_id="google/gemma-2-9b-it",
    revision="11c9b309abf73637e4b6f9a3fa1e92e615547819",
    parameters=9_241_705_984,
    layers=42,
    hidden_size=3584,
    intermediate_size=14_336,
    attention_heads=16,
    kv_heads=8,
    sliding_layers=21,
)

_GEMMA2_27B = replace(
    _GEMMA2_2B,
    model_id="google/gemma-2-27b-it",
    revision="aaf20e6b9f4c0fcf043f6fb2a2068419086d77b0",
    parameters=27_227_128_320,
    layers=46,
    hidden_size=4608,
    intermediate_size=36_864,
    attention_heads=32,
    kv_heads=16,
    head_dim=128,
    sliding_layers=23,
)

_GEMMA3_1B = replace(
    _GEMMA2_2B,
    model_id="google/gemma-3-1b-it",
    revision="dcc83ea841ab6100d6b47a070329e1ba4cf78752",
    model_type="gemma3_text",
    parameters=999_885_952,
    hidden_size=1152,
    intermediate_size=6912,
    attention_heads=4,
    kv_heads=1,
    vocab_size=262_144,
    max_positions=32_768,
    sliding_window=512,
    sliding_layers=22,
)

GEMMA = (_GEMMA2_2B, _GEMMA2_9B, _GEMMA2_27B, _GEMMA3_1B)
