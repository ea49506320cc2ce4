"""From a model's published config.json to a ModelSpec.

Reads what transformers writes; needs no transformers. Takes the dense text models of parameter_count.py and refuses the
rest: experts and image encoders change what a model weighs and how fast it is in ways that are not reckoned here.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from model.errors import UnreadableConfigError
from model.parameter_count import count_parameters, model_types
from model.spec import Dtype, ModelSpec, PromptFormat, Quantization

# What transformers' configuration classes take where the file says nothing.
_TIED_BY_DEFAULT: Mapping[str, bool] = MappingProxyType({"gemma2": True, "gemma3_text": True})
_GEMMA3_PATTERN = 6
_PUBLISHED_BITS = 4


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
    reader = _Reader(config, model_id)
    model_type = reader.read_model_type()
    attention_heads = reader.read_int("num_attention_heads")
    hidden_size = reader.read_int("hidden_size")
    layers = reader.read_int("num_hidden_layers")
    shape = {
        "layers": layers,
        "hidden_size": hidden_size,
        "intermediate_size": reader.read_int("intermediate_size"),
        "attention_heads": attention_heads,
        "kv_heads": reader.read_int("num_key_value_heads", default=attention_heads),
        "head_dim": reader.read_int("head_dim", default=hidden_size // max(1, attention_heads)),
        "vocab_size": reader.read_int("vocab_size"),
    }
    tied_embeddings = bool(config.get("tie_word_embeddings", _TIED_BY_DEFAULT.get(model_type, False)))
    sliding_layers = _count_sliding_layers(config, model_type=model_type, layers=layers)
    return ModelSpec(
        model_id=model_id,
        revision=revision,
        model_type=model_type,
        parameters=count_parameters(model_type=model_type, tied_embeddings=tied_embeddings, **shape),
        layers=layers,
        hidden_size=hidden_size,
        intermediate_size=shape["intermediate_size"],
        attention_heads=attention_heads,
        kv_heads=shape["kv_heads"],
        head_dim=shape["head_dim"],
        vocab_size=shape["vocab_size"],
        max_positions=reader.read_int("max_position_embeddings"),
        dtype=reader.read_dtype(),
        prompt_format=prompt_format,
        quantization=reader.read_quantization(),
        tied_embeddings=tied_embeddings,
        sliding_window=reader.read_int("sliding_window") if sliding_layers else None,
        sliding_layers=sliding_layers,
        gated=gated,
    )


def _count_sliding_layers(config: Mapping[str, Any], *, model_type: str, layers: int) -> int:
    """Return how many layers look back over a window only, as transformers decides it for the architecture."""
    if not config.get("sliding_window"):
        return 0
    if isinstance(config.get("layer_types"), list):
        return sum(1 for kind in config["layer_types"][:layers] if kind == "sliding_attention")
    from_window_layers = max(0, layers - int(config.get("max_window_layers", 0)))
    pattern = int(config.get("sliding_window_pattern", _GEMMA3_PATTERN))
    return {
        "mistral": layers,
        "qwen2": from_window_layers if config.get("use_sliding_window") else 0,
        "qwen3": from_window_layers if config.get("use_sliding_window") else 0,
        "gemma2": (layers + 1) // 2,
        "gemma3_text": layers - layers // pattern,
    }.get(model_type, 0)


class _Reader:
    """Reads one config.json; every refusal names the model, the key and what is allowed."""

    def __init__(self, config: Mapping[str, Any], model_id: str) -> None:
        self._config = config
        self._model_id = model_id

    def read_model_type(self) -> str:
        model_type = self._config.get("model_type")
        if model_type not in model_types():
            raise self._refuse(f"model_type is {model_type!r}", f"Reckoned here: {', '.join(model_types())}.")
        return str(model_type)

    def read_int(self, key: str, *, default: int | None = None) -> int:
        value = self._config.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._refuse(f"{key} is {value!r}", "It must be a whole number.")
        return value

    def read_dtype(self) -> Dtype:
        # transformers 4 wrote torch_dtype, 5 writes dtype.
        name = self._config.get("torch_dtype") or self._config.get("dtype")
        if name not in tuple(Dtype):
            raise self._refuse(f"torch_dtype is {name!r}", f"Allowed: {', '.join(Dtype)}.")
        return Dtype(str(name))

    def read_quantization(self) -> Quantization | None:
        given = self._config.get("quantization_config")
        if given is None:
            return None
        method = given.get("quant_method") if isinstance(given, dict) else given
        if method not in {Quantization.AWQ, Quantization.GPTQ, Quantization.FP8}:
            raise self._refuse(f"quant_method is {method!r}", "Reckoned here: awq, gptq, fp8.")
        quantization = Quantization(method)
        if quantization is not Quantization.FP8 and given.get("bits", _PUBLISHED_BITS) != _PUBLISHED_BITS:
            raise self._refuse(f"{method} has {given['bits']} bits", f"Reckoned here: {_PUBLISHED_BITS}.")
        return quantization

    def _refuse(self, problem: str, remedy: str) -> UnreadableConfigError:
        return UnreadableConfigError(f"config.json of {self._model_id}: {problem}.", remedy=remedy)
