"""The models that can be served by name.

The figures are those of the published config.json files named beside them, the number of parameters that of the
safetensors files. A model that is not here can be described with a ModelSpec of its own.
"""

from types import MappingProxyType

from model.errors import UnknownModelError
from model.spec import Dtype, ModelSpec, PromptFormat

# The book's model after preference alignment (LLM Engineer's Handbook, chapters 6 and 10), taught in the Alpaca form
# (chapter 5). https://huggingface.co/mlabonne/TwinLlama-3.1-8B-DPO/tree/49ea8865dec91696c811a82821883b3a915a9915
# Fine-tuning left the shape of its base model as it was:
# https://huggingface.co/meta-llama/Llama-3.1-8B/blob/main/config.json
TWIN_LLAMA_DPO = ModelSpec(
    model_id="mlabonne/TwinLlama-3.1-8B-DPO",
    revision="49ea8865dec91696c811a82821883b3a915a9915",
    parameters=8_030_261_248,
    layers=32,
    hidden_size=4096,
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
TWIN_LLAMA = ModelSpec(
    model_id="mlabonne/TwinLlama-3.1-8B",
    revision="5b8c30c51e0641d36a2f9007c88425c93db0cb07",
    parameters=8_030_261_248,
    layers=32,
    hidden_size=4096,
    attention_heads=32,
    kv_heads=8,
    head_dim=128,
    vocab_size=128_256,
    max_positions=131_072,
    dtype=Dtype.BFLOAT16,
    prompt_format=PromptFormat.ALPACA,
)

# Small enough to run on a processor; its weights come with the project's dependencies.
# https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct/blob/12fd25f77366fa6b3b4b768ec3050bf629380bac/config.json
SMOLLM2 = ModelSpec(
    model_id="HuggingFaceTB/SmolLM2-135M-Instruct",
    revision="12fd25f77366fa6b3b4b768ec3050bf629380bac",
    parameters=134_515_008,
    layers=30,
    hidden_size=576,
    attention_heads=9,
    kv_heads=3,
    head_dim=64,
    vocab_size=49_152,
    max_positions=8192,
    dtype=Dtype.BFLOAT16,
    prompt_format=PromptFormat.CHATML,
    tied_embeddings=True,
)

_SPECS = MappingProxyType({spec.model_id: spec for spec in (TWIN_LLAMA_DPO, TWIN_LLAMA, SMOLLM2)})


def find(model_id: str) -> ModelSpec:
    """Return the spec of a model.

    Args:
        model_id: the hub's id, exactly as written there.

    Raises:
        UnknownModelError: the catalogue does not have it; the error lists what it has.
    """
    try:
        return _SPECS[model_id]
    except KeyError:
        raise UnknownModelError(model_id, known=model_ids()) from None


def model_ids() -> tuple[str, ...]:
    """Return the id of every model in the catalogue; the cloud's default first."""
    return tuple(_SPECS)
