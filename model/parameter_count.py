"""How many numbers the weights of a model hold, from the shape that its config.json gives.

Knows the dense decoders of these families and refuses every other: a wrong count is a wrong fit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class LayerParts:
    """What a layer of an architecture has beside its matrices.

    Attributes:
        query_bias: whether the query, key and value projections add a bias.
        bias_by_choice: which of `attention_bias` and `mlp_bias` its config.json may ask for; a bias of attention is
            then on all four projections.
        head_norms: whether queries and keys are normed, one weight per dimension of a head.
        norms: norms over the residual stream in one layer.
    """

    query_bias: bool = False
    bias_by_choice: tuple[str, ...] = ()
    head_norms: bool = False
    norms: int = 2


# By model_type of config.json; read in transformers' modeling files of these names.
_PARTS: Mapping[str, LayerParts] = MappingProxyType(
    {
        "llama": LayerParts(bias_by_choice=("attention_bias", "mlp_bias")),
        "mistral": LayerParts(),
        "qwen2": LayerParts(query_bias=True),
        "qwen3": LayerParts(bias_by_choice=("attention_bias",), head_norms=True),
        "gemma2": LayerParts(bias_by_choice=("attention_bias",), norms=4),
        "gemma3_text": LayerParts(bias_by_choice=("attention_bias",), head_norms=True, norms=4),
    }
)


def model_types() -> tuple[str, ...]:
    """Return the architectures that can be counted, by their names in config.json."""
    return tuple(_PARTS)


def count_parameters(
    *,
    model_type: str,
    layers: int,
    hidden_size: int,
    intermediate_size: int,
    attention_heads: int,
    kv_heads: int,
    head_dim: int,
    vocab_size: int,
    tied_embeddings: bool,
    attention_bias: bool = False,
    mlp_bias: bool = False,
) -> int:
    """Return the number of parameters, shared embeddings counted once.

    Attention projects `hidden` to `heads x head_dim` queries and `kv_heads x head_dim` keys and values, and back; the
    gated MLP has three matrices of `hidden x intermediate`.

    Raises:
        KeyError: the architecture is not one of `model_types()`.
    """
    parts = _PARTS[model_type]
    queries, keys = attention_heads * head_dim, kv_heads * head_dim
    layer = 2 * hidden_size * (queries + keys) + 3 * hidden_size * intermediate_size + parts.norms * hidden_size
    if parts.query_bias:
        layer += queries + 2 * keys
    if attention_bias and "attention_bias" in parts.bias_by_choice:
        layer += queries + 2 * keys + hidden_size
    if mlp_bias and "mlp_bias" in parts.bias_by_choice:
        layer += 2 * intermediate_size + hidden_size
    if parts.head_norms:
        layer += 2 * head_dim
    embeddings = vocab_size * hidden_size * (1 if tied_embeddings else 2)
    return layers * layer + embeddings + hidden_size
