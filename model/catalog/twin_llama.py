"""The book's models (LLM Engineer's Handbook, chapters 5, 6 and 10).

Fine-tuning left the shape of their base model as it was:
https://huggingface.co/meta-llama/Llama-3.1-8B/blob/main/config.json
"""

from dataclasses import replace

from model.spec import Dtype, ModelSpec, PromptFormat

# After preference alignment, taught in the Alpaca form.
# https://huggingface.co/mlabonne/TwinLlama-3.1-8B-DPO/tree/49ea8865dec91696c811a82821883b3a915a9915
TWIN_LLAMA_DPO = ModelSpec(
    model_id="mlabonne/TwinLlama-3.1-8B-DPO",
    revision="49ea8865dec91696c811a82821883b3a915a9915",
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
    prompt_format=PromptFormat.ALPACA,
)

# The same model before preference alignment.
# https://huggingface.co/mlabonne/TwinLlama-3.1-8B/tree/5b8c30c51e0641d36a2f9007c88425c93db0cb07
TWIN_LLAMA = replace(
    TWIN_LLAMA_DPO, model_id="mlabonne/TwinLlama-3.1-8B", revision="5b8c30c51e0641d36a2f9007c88425c93db0cb07"
)
