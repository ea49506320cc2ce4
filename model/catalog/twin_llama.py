"""The book's models (LLM Engineer's Handbook, chapters 5, 6 and 10).

Fine-tuning left the shape of their base model as it was:
https://huggingface.co/meta-llama/Llama-3.1-8B/blob/main/config.json
"""

from dataclasses import replace

from model.catalog.llama import LLAMA_8B
from model.spec import PromptFormat

# After preference alignment, taught in the Alpaca form.
# https://huggingface.co/mlabonne/TwinLlama-3.1-8B-DPO/tree/49ea8865dec91696c811a82821883b3a915a9915
TWIN_LLAMA_DPO = replace(
    LLAMA_8B,
    model_id="mlabonne/TwinLlama-3.1-8B-DPO",
    revision="49ea8865dec91696c811a82821883b3a915a9915",
    prompt_format=PromptFormat.ALPACA,
    gated=False,
)

# The same model before preference alignment.
# https://huggingface.co/mlabonne/TwinLlama-3.1-8B/tree/5b8c30c51e0641d36a2f9007c88425c93db0cb07
TWIN_LLAMA = replace(
    TWIN_LLAMA_DPO, model_id="mlabonne/TwinLlama-3.1-8B", revision="5b8c30c51e0641d36a2f9007c88425c93db0cb07"
)
