"""The configs are excerpts of the published files: the keys that are read, with the values that are there."""

import pytest

from model import catalog
from model.errors import InvalidSpecError, UnreadableConfigError
from model.published_config import read_spec
from model.spec import Dtype, PromptFormat, Quantization

LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "max_position_embeddings": 131072,
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "num_key_value_heads": 8,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "vocab_size": 128256,
}
QWEN2 = {
    "model_type": "qwen2",
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "max_position_embeddings": 32768,
    "max_window_layers": 28,
    "num_attention_heads": 28,
    "num_hidden_layers": 28,
    "num_key_value_heads": 4,
    "sliding_window": 131072,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "use_sliding_window": False,
    "vocab_size": 152064,
}
QWEN3 = {
    "model_type": "qwen3",
    "head_dim": 128,
    "hidden_size": 1024,
    "intermediate_size": 3072,
    "max_position_embeddings": 40960,
    "max_window_layers": 28,
    "num_attention_heads": 16,
    "num_hidden_layers": 28,
    "num_key_value_heads": 8,
    "sliding_window": None,
    "tie_word_embeddings": True,
    "torch_dtype": "bfloat16",
    "use_sliding_window": False,
    "vocab_size": 151936,
}
GEMMA2 = {
    "model_type": "gemma2",
    "head_dim": 256,
    "hidden_size": 3584,
    "intermediate_size": 14336,
    "max_position_embeddings": 8192,
    "num_attention_heads": 16,
    "num_hidden_layers": 42,
    "num_key_value_heads": 8,
    "sliding_window": 4096,
    "torch_dtype": "bfloat16",
    "vocab_size": 256000,
}
GEMMA3 = {
    "model_type": "gemma3_text",
    "head_dim": 256,
    "hidden_size": 1152,
    "intermediate_size": 6912,
    "max_position_embeddings": 32768,
    "num_attention_heads": 4,
    "num_hidden_layers": 26,
    "num_key_value_heads": 1,
    "sliding_window": 512,
    "sliding_window_pattern": 6,
    "torch_dtype": "bfloat16",
    "vocab_size": 262144,
}
MISTRAL = LLAMA | {
    "model_type": "mistral",
    "max_position_embeddings": 32768,
    "vocab_size": 32768,
    "sliding_window": None,
}


@pytest.mark.parametrize(
    ("model_id", "config"),
    [
        ("meta-llama/Llama-3.1-8B-Instruct", LLAMA),
        ("Qwen/Qwen2.5-7B-Instruct", QWEN2),
        ("Qwen/Qwen3-0.6B", QWEN3),
        ("google/gemma-2-9b-it", GEMMA2),
        ("google/gemma-3-1b-it", GEMMA3),
        ("mistralai/Mistral-7B-Instruct-v0.3", MISTRAL),
    ],
)
def test_a_published_config_gives_the_spec_of_the_catalogue(model_id, config):
    known = catalog.find(model_id)
    read = read_spec(
        config,
        model_id=model_id,
        revision=known.revision,
        gated=known.gated,
        prompt_format=known.prompt_format,
    )
    assert read == known


def read(config, **changes):
    return read_spec(config | changes, model_id="me/mine", revision="0" * 40)


def test_what_the_file_does_not_say_is_left_to_the_model_s_own_chat_template():
    assert read(LLAMA).prompt_format is PromptFormat.CHAT_TEMPLATE


def test_a_file_of_transformers_5_names_its_dtype_differently():
    without = {key: value for key, value in LLAMA.items() if key != "torch_dtype"}
    assert read(without, dtype="float16").dtype is Dtype.FLOAT16


def test_heads_that_are_not_named_are_those_of_attention():
    without = {key: value for key, value in LLAMA.items() if key != "num_key_value_heads"}
    assert read(without).kv_heads == 32


@pytest.mark.parametrize(
    ("config", "key", "value"),
    [(MISTRAL, "num_key_value_heads", 8), (QWEN3, "head_dim", 128), (GEMMA3, "head_dim", 256)],
)
def test_what_is_left_out_is_what_transformers_takes_for_the_architecture(config, key, value):
    written = {name: other for name, other in config.items() if name != key}
    assert read(written) == read(config | {key: value})


@pytest.mark.parametrize(
    ("rope_scaling", "positions"),
    [
        (None, 32_768),
        ({"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32_768}, 131_072),  # as Qwen's cards say
        ({"rope_type": "linear", "factor": 4.0}, 131_072),
        ({"rope_type": "llama3", "factor": 8.0, "original_max_position_embeddings": 8192}, 32_768),
        ({"rope_type": "default", "rope_theta": 10_000.0}, 32_768),
        ({"type": "mrope", "mrope_section": [16, 24, 24]}, 32_768),
    ],
)
@pytest.mark.parametrize("key", ["rope_scaling", "rope_parameters"])
def test_positions_are_those_that_the_scaling_stretches_them_to(key, rope_scaling, positions):
    assert read(QWEN2, **{key: rope_scaling}).max_positions == positions


def test_a_gemma_3_s_positions_are_stretched_already():
    assert read(GEMMA3, rope_scaling={"rope_type": "linear", "factor": 8.0}).max_positions == 32_768


def test_biases_that_the_file_asks_for_are_counted():
    layers, queries, keys, hidden, wide = 32, 4096, 1024, 4096, 14_336
    more = layers * (queries + 2 * keys + hidden + 2 * wide + hidden)
    assert read(LLAMA, attention_bias=True, mlp_bias=True).parameters == read(LLAMA).parameters + more
    assert read(MISTRAL, attention_bias=True) == read(MISTRAL)


@pytest.mark.parametrize("architectures", [None, [], ["LlamaForCausalLM"], ["LlamaForCausalLM", "Mine"]])
def test_a_file_need_not_say_its_architecture(architectures):
    assert read(LLAMA, architectures=architectures) == read(LLAMA)


@pytest.mark.parametrize(
    ("config", "sliding_layers"),
    [
        (QWEN2 | {"max_window_layers": None}, 0),
        (MISTRAL | {"sliding_window": 4096}, 32),  # Mistral 7B v0.1
        (QWEN2 | {"use_sliding_window": True, "max_window_layers": 20}, 8),
        (GEMMA2 | {"layer_types": ["sliding_attention"] * 40 + ["full_attention"] * 2}, 40),
    ],
)
def test_sliding_layers_are_counted_as_the_architecture_places_them(config, sliding_layers):
    assert read(config).sliding_layers == sliding_layers


def test_a_quantized_checkpoint_says_so():
    quantized = read(LLAMA, quantization_config={"quant_method": "awq", "bits": 4, "group_size": 128})
    assert quantized.quantization is Quantization.AWQ
    assert quantized.parameters == read(LLAMA).parameters


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "mixtral"}, r"model_type is 'mixtral'. Reckoned here: llama, mistral, qwen2"),
        ({"model_type": None}, r"model_type is None"),
        ({"hidden_size": "4096"}, r"hidden_size is '4096'. It must be a whole number"),
        ({"vocab_size": None}, r"vocab_size is None"),
        ({"torch_dtype": "int8"}, r"torch_dtype is 'int8'. Allowed: bfloat16, float16, float32"),
        ({"quantization_config": {"quant_method": "bitsandbytes"}}, r"quant_method is 'bitsandbytes'"),
        ({"quantization_config": {"quant_method": ["awq"]}}, r"quant_method is \['awq'\]"),
        ({"quantization_config": "awq"}, r"quantization_config is 'awq'. It must be an object"),
        ({"quantization_config": {"quant_method": "gptq", "bits": 8}}, r"bits of gptq is 8. Reckoned here: 4"),
        ({"quantization_config": {"quant_method": "awq", "w_bit": 3}}, r"bits of awq is 3. Reckoned here: 4"),
        ({"compression_config": {"quant_method": "compressed-tensors"}}, r"quant_method is 'compressed-tensors'"),
        ({"tie_word_embeddings": "false"}, r"tie_word_embeddings is 'false'. It must be true or false"),
        ({"vocab_size": 10**400}, r"vocab_size is a number beyond 1,000,000,000. It must be a whole number"),
        ({"architectures": ["LlamaForSequenceClassification"]}, r"architectures is .* must name a …ForCausalLM"),
        ({"architectures": ["MistralModel"]}, r"architectures is \['MistralModel'\]"),
        ({"architectures": "LlamaForCausalLM"}, r"architectures is 'LlamaForCausalLM'"),
        ({"sliding_window": "4096"}, r"sliding_window is '4096'. It must be a whole number"),
        ({"sliding_window": 4096, "max_window_layers": "all"}, r"max_window_layers is 'all'"),
        ({"sliding_window": 4096, "sliding_window_pattern": 0}, r"sliding_window_pattern is 0. It must be at least 1"),
        ({"sliding_window": 4096, "layer_types": ["sliding_attention"]}, r"layer_types is .* each of 32 layers"),
        ({"sliding_window": 4096, "layer_types": [{}] * 32}, r"layer_types is .*…\. It must name"),
        ({"rope_scaling": "linear"}, r"rope_scaling is 'linear'. It must be an object"),
        ({"rope_scaling": {"type": "linear", "factor": "4"}}, r"factor of rope_scaling is '4'"),
        ({"rope_scaling": {"type": ["linear"], "factor": float("nan")}}, r"factor of rope_scaling is nan"),
    ],
)
def test_what_is_not_reckoned_here_is_refused_by_name(changes, message):
    with pytest.raises(UnreadableConfigError, match=rf"config.json of me/mine: {message}"):
        read(LLAMA, **changes)


def test_a_value_out_of_range_is_refused_as_in_any_spec():
    with pytest.raises(InvalidSpecError, match=r"kv_heads is 0. It must be at least 1"):
        read(LLAMA, num_key_value_heads=0)
