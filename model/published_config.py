"""From a model's published config.json to a ModelSpec.

Reads what transformers writes; needs no transformers. Takes the dense text models of parameter_count.py and refuses the
rest: experts and image encoders change what a model weighs and how fast it is in ways that are not reckoned here, and
a model that classifies or embeds generates no text.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from model.config_reader import ConfigReader
from model.parameter_count import count_parameters, model_types
from model.spec import Dtype, ModelSpec, PromptFormat, Quantization

# What transformers' configuration classes take where the file says nothing. Where it says null they take the number of
# attention heads, and the hidden size over it.
_KV_HEADS: Mapping[str, int] = MappingProxyType({"mistral": 8, "qwen2": 32, "qwen3": 32, "gemma2": 4, "gemma3_text": 4})
_HEAD_DIM: Mapping[str, int] = MappingProxyType({"qwen3": 128, "gemma2": 256, "gemma3_text": 256})
_TIED: Mapping[str, bool] = MappingProxyType({"gemma2": True, "gemma3_text": True})
_MAX_WINDOW_LAYERS = 28
_GEMMA3_PATTERN = 6

_PUBLISHED_BITS = 4
_GENERATES = "ForCausalLM"
_SLIDING = "sliding_attention"
_KINDS = (_SLIDING, "full_attention")
# Their positions are those after scaling.
_SCALED_ALREADY = ("llama3", "longrope", "su")


def read_spec(
    config: Mapping[str, Any],
    *,
    model_id: str,
    revision: str,
    gated: bool = False,
    prompt_format: PromptFormat = PromptFormat.CHAT_TEMPLATE,
) -> ModelSpec:
    """Return the spec of a model.

    Args:
        config: the content of config.json.
        model_id: the hub's id.
        revision: the commit that the config belongs to.
        gated: whether the hub asks for a token; the config does not say.
        prompt_format: how an instruction is written; the config does not say.

    Raises:
        UnreadableConfigError: the config lacks something, or is of a kind that is not reckoned here.
        InvalidSpecError: a value is out of range, or the id or the revision is not one.
    """
    reader = ConfigReader(config, model_id)
    model_type = _read_model_type(reader)
    _check_architecture(reader)
    attention_heads = reader.read_int("num_attention_heads")
    hidden_size = reader.read_int("hidden_size")
    layers = reader.read_int("num_hidden_layers")
    kv_heads = attention_heads if reader.has("num_key_value_heads") else _KV_HEADS.get(model_type, attention_heads)
    one_head = hidden_size // max(1, attention_heads)
    shape = {
        "layers": layers,
        "hidden_size": hidden_size,
        "intermediate_size": reader.read_int("intermediate_size"),
        "attention_heads": attention_heads,
        "kv_heads": reader.read_int("num_key_value_heads", default=kv_heads),
        "head_dim": reader.read_int(
            "head_dim", default=one_head if reader.has("head_dim") else _HEAD_DIM.get(model_type, one_head)
        ),
        "vocab_size": reader.read_int("vocab_size"),
    }
    tied_embeddings = reader.read_flag("tie_word_embeddings", default=_TIED.get(model_type, False))
    sliding_window = reader.read_int("sliding_window", default=0)
    sliding_layers = _count_sliding_layers(reader, model_type=model_type, layers=layers) if sliding_window else 0
    return ModelSpec(
        model_id=model_id,
        revision=revision,
        model_type=model_type,
        parameters=count_parameters(
            model_type=model_type,
            tied_embeddings=tied_embeddings,
            attention_bias=reader.read_flag("attention_bias"),
            mlp_bias=reader.read_flag("mlp_bias"),
            **shape,
        ),
        layers=layers,
        hidden_size=hidden_size,
        intermediate_size=shape["intermediate_size"],
        attention_heads=attention_heads,
        kv_heads=shape["kv_heads"],
        head_dim=shape["head_dim"],
        vocab_size=shape["vocab_size"],
        max_positions=_read_positions(reader, model_type=model_type),
        dtype=_read_dtype(reader),
        prompt_format=prompt_format,
        quantization=_read_quantization(reader),
        tied_embeddings=tied_embeddings,
        sliding_window=sliding_window if sliding_layers else None,
        sliding_layers=sliding_layers,
        gated=gated,
    )


def _read_model_type(reader: ConfigReader) -> str:
    model_type = reader.get("model_type")
    if model_type not in model_types():
        raise reader.refuse("model_type", model_type, f"Reckoned here: {', '.join(model_types())}.")
    return str(model_type)


def _check_architecture(reader: ConfigReader) -> None:
    """Refuse a model that shares its shape with one that generates text, and does something else with it."""
    names = reader.get("architectures")
    if not names:
        # Some files do not say, and engines then go by the model's type.
        return
    if not isinstance(names, list) or not any(isinstance(name, str) and name.endswith(_GENERATES) for name in names):
        raise reader.refuse(
            "architectures", names, f"It must name a …{_GENERATES}: what classifies or embeds is not served here."
        )


def _count_sliding_layers(reader: ConfigReader, *, model_type: str, layers: int) -> int:
    """Return how many layers look back over a window only, as transformers decides it for the architecture."""
    kinds = reader.get("layer_types")
    if kinds is not None:
        if not isinstance(kinds, list) or len(kinds) != layers or any(kind not in _KINDS for kind in kinds):
            raise reader.refuse(
                "layer_types", kinds, f"It must name {' or '.join(_KINDS)} for each of {layers} layers."
            )
        return kinds.count(_SLIDING)
    pattern = reader.read_int("sliding_window_pattern", default=_GEMMA3_PATTERN)
    if pattern < 1:
        raise reader.refuse("sliding_window_pattern", pattern, "It must be at least 1.")
    window_layers = max(0, layers - reader.read_int("max_window_layers", default=_MAX_WINDOW_LAYERS))
    return {
        "mistral": layers,
        "qwen2": window_layers if reader.read_flag("use_sliding_window") else 0,
        "qwen3": window_layers if reader.read_flag("use_sliding_window") else 0,
        "gemma2": (layers + 1) // 2,
        "gemma3_text": layers - layers // pattern,
    }.get(model_type, 0)


def _read_positions(reader: ConfigReader, *, model_type: str) -> int:
    """Return the longest sequence: the positions, times the factor that they are stretched by.

    As vLLM derives it (`_get_and_verify_max_len` in vllm/config): YaRN stretches the original positions, linear and
    dynamic scaling those that are named; of the other kinds, and in Gemma 3, the named ones are the stretched.
    """
    positions = reader.read_int("max_position_embeddings")
    # transformers 4 wrote rope_scaling, 5 writes rope_parameters.
    scaling = reader.read_object("rope_scaling", "rope_parameters")
    if scaling is None or model_type == "gemma3_text":
        return positions
    kind = scaling.get("rope_type") or scaling.get("type")
    if kind in (None, "default", *_SCALED_ALREADY):
        return positions
    factor = 1 if scaling.get("factor") is None else scaling.get("factor")
    if not isinstance(factor, int | float) or isinstance(factor, bool) or not 1 <= factor <= positions:
        raise reader.refuse("factor of rope_scaling", factor, "It must be a number of at least 1.")
    if kind == "yarn":
        positions = scaling.read_int("original_max_position_embeddings", default=positions)
    return int(positions * factor)


def _read_dtype(reader: ConfigReader) -> Dtype:
    # transformers 4 wrote torch_dtype, 5 writes dtype.
    name = reader.get("torch_dtype") or reader.get("dtype")
    if name not in tuple(Dtype):
        raise reader.refuse("torch_dtype", name, f"Allowed: {', '.join(Dtype)}.")
    return Dtype(str(name))


def _read_quantization(reader: ConfigReader) -> Quantization | None:
    # compression_config is what the makers of compressed-tensors wrote before transformers took them in.
    given = reader.read_object("quantization_config", "compression_config")
    if given is None:
        return None
    method = given.get("quant_method")
    published = (Quantization.AWQ, Quantization.GPTQ, Quantization.FP8)
    if method not in published:
        raise reader.refuse("quant_method", method, f"Reckoned here: {', '.join(published)}.")
    quantization = Quantization(str(method))
    if quantization is not Quantization.FP8:
        # AWQ's own files say w_bit.
        bits = given.read_int("bits", default=given.read_int("w_bit", default=_PUBLISHED_BITS))
        if bits != _PUBLISHED_BITS:
            raise reader.refuse(f"bits of {method}", bits, f"Reckoned here: {_PUBLISHED_BITS}.")
    return quantization
