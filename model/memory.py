"""How much memory one copy of a model takes: formulae only, no decisions (those are fit.py's).

All figures are of one copy. GPU memory is per GPU: tensor parallelism over `gpus` GPUs splits weights, KV cache and the
wide activations evenly. tests/model/test_known_deployments.py holds the formulae against what servers reported.
"""

from math import ceil

from model.hardware import GIB_IN_MIB, Gpu
from model.spec import ModelSpec, Quantization

_MIB = 1024 * 1024

# Both engines serve in float16 or bfloat16 whatever the file holds, and keep the KV cache in the same format.
_SERVED_BYTES = 2

# Four-bit formats add a 16-bit scale and a 4-bit zero to each group of 128 weights: 20 / 128 = 0.16 bits a weight.
_GROUP_OVERHEAD_BITS = 0.16

# The share of a GPU's memory that is counted on. vLLM is told it (gpu_memory_utilization, its long-time default). TGI
# keeps a part of what is free after the weights and one prefill (TGI_WIGGLE_ROOM: 0.95 in version 2, 0.90 in the newest
# source that was read; the default of 3.3 for CUDA was not found), which is less than a tenth of the whole. CUDA graphs
# are captured into the rest.
USABLE_SHARE = 0.90

# CUDA context and library workspaces on every GPU. vLLM's start-up log calls it non-torch memory and gives 0.25 to
# 0.43 GiB; rounded up.
_RUNTIME_MIB = GIB_IN_MIB // 2

# Numbers alive per prompt token while one layer runs: the MLP's gate and up projections and their product, and of the
# residual stream's width the residual, its norm and the layer's output. Llama 3.1 8B then takes 3 x (14336 + 4096) x 2
# bytes = 108 KiB a token; a server reported 2.07 GiB for 20,000 tokens and 2.99 GiB for 29,000, 108 KiB each.
# https://github.com/vllm-project/vllm/issues/10517
_ACTIVATIONS_PER_INTERMEDIATE = 3
_ACTIVATIONS_PER_HIDDEN = 3

# Python, torch and pinned buffers of one shard's process. An assumption on the safe side.
_HOST_MIB_PER_GPU = 2 * GIB_IN_MIB

# Files on the hub are cut at 5 GB (transformers' max_shard_size) and loaded one at a time.
_LARGEST_FILE_BYTES = 5_000_000_000


def count_weights_bytes(spec: ModelSpec) -> int:
    """Return the bytes of the served weights, over all GPUs.

    `parameters x 2` unquantized. Quantized, the linear layers take `bits / 8` (with their scales at four bits) and the
    embeddings, `vocab x hidden` each, stay at 2 bytes.
    """
    if spec.quantization is None:
        return spec.parameters * _SERVED_BYTES
    embeddings = spec.vocab_size * spec.hidden_size * (1 if spec.tied_embeddings else 2)
    overhead = _GROUP_OVERHEAD_BITS if spec.quantization in {Quantization.AWQ, Quantization.GPTQ} else 0.0
    linear_bytes = (spec.parameters - embeddings) * (spec.quantization.bits + overhead) / 8
    return ceil(linear_bytes) + embeddings * _SERVED_BYTES


def count_adapters_bytes(spec: ModelSpec) -> int:
    """Return what the adapters take beside the weights, over all GPUs.

    `slots x layers x rank x (inputs + outputs of the seven projections) x 2 bytes`: beside each projection of
    `outputs x inputs` an adapter has a matrix of `rank x inputs` and one of `outputs x rank` (Hu et al., LoRA, 2021).
    Adapters that leave projections out, or have a lower rank, take less; a slot of vLLM's takes as much all the same.
    """
    queries, keys = spec.attention_heads * spec.head_dim, spec.kv_heads * spec.head_dim
    attention = 2 * (spec.hidden_size + queries) + 2 * (spec.hidden_size + keys)
    mlp = 3 * (spec.hidden_size + spec.intermediate_size)
    return spec.adapter_room * spec.layers * spec.adapter_rank * (attention + mlp) * _SERVED_BYTES


def count_kv_bytes_per_token(spec: ModelSpec, *, gpus: int = 1) -> int:
    """Return the KV cache of one token that every layer sees, over all GPUs.

    `2 x layers x kv_heads x head_dim x 2 bytes`: Kwon et al., Efficient Memory Management for Large Language Model
    Serving with PagedAttention, 2023, section 3. On more GPUs than it has heads, each GPU holds one of them.
    """
    return 2 * spec.layers * max(spec.kv_heads, gpus) * spec.head_dim * _SERVED_BYTES


def count_kv_bytes(spec: ModelSpec, *, tokens: int, gpus: int = 1, freed_beyond: int | None = None) -> int:
    """Return the KV cache of one request, over all GPUs.

    Args:
        spec: the model.
        tokens: prompt and answer of the request.
        gpus: how many GPUs the copy is spread over.
        freed_beyond: None where the engine keeps every token in every layer. Where it gives back what is out of a
            sliding window, the tokens that it reads in one pass: such a layer then holds at most
            `window - 1 + freed_beyond` tokens (SlidingWindowSpec in vllm/v1/kv_cache_interface.py).
    """
    per_token = count_kv_bytes_per_token(spec, gpus=gpus)
    if spec.sliding_window is None or freed_beyond is None:
        return per_token * tokens
    per_layer = per_token // spec.layers
    held = min(tokens, spec.sliding_window - 1 + freed_beyond)
    return per_layer * ((spec.layers - spec.sliding_layers) * tokens + spec.sliding_layers * held)


def count_activations_bytes(spec: ModelSpec, *, prefill_tokens: int, gpus: int = 1) -> int:
    """Return what one prefill needs beside weights and KV cache, per GPU; the MLP's part of it is split."""
    per_token = (
        _ACTIVATIONS_PER_INTERMEDIATE * spec.intermediate_size / gpus + _ACTIVATIONS_PER_HIDDEN * spec.hidden_size
    )
    return ceil(prefill_tokens * per_token * _SERVED_BYTES)


def count_free_bytes(spec: ModelSpec, *, gpu: Gpu, gpus: int, prefill_tokens: int) -> int:
    """Return what is left for the KV cache, over all GPUs; negative where the weights alone do not fit.

    `(memory x 0.90 - (weights + adapters) / gpus - runtime - activations) x gpus`: the engines' own reckoning when they
    warm up, with the activations of one prefill reckoned instead of measured.

    Args:
        spec: the model.
        gpu: the kind of GPU.
        gpus: how many GPUs the copy is spread over.
        prefill_tokens: prompt tokens that are read in one pass.
    """
    usable = gpu.memory_mib * _MIB * USABLE_SHARE - _RUNTIME_MIB * _MIB
    activations = count_activations_bytes(spec, prefill_tokens=prefill_tokens, gpus=gpus)
    return int((usable - activations) * gpus) - count_weights_bytes(spec) - count_adapters_bytes(spec)


def count_kv_tokens(
    spec: ModelSpec,
    *,
    gpu: Gpu,
    gpus: int,
    prefill_tokens: int,
    request_tokens: int | None = None,
    frees_windows: bool = False,
) -> int:
    """Return how many tokens the KV cache has room for; negative where the weights alone do not fit.

    Args:
        spec: the model.
        gpu: the kind of GPU.
        gpus: how many GPUs the copy is spread over.
        prefill_tokens: prompt tokens that are read in one pass.
        request_tokens: the length of the requests that hold those tokens; it matters where windows are freed. None
            takes the model's positions.
        frees_windows: whether the engine gives back what is out of a sliding window.
    """
    free_bytes = count_free_bytes(spec, gpu=gpu, gpus=gpus, prefill_tokens=prefill_tokens)
    tokens = request_tokens or spec.max_positions
    freed_beyond = prefill_tokens if frees_windows else None
    return free_bytes * tokens // count_kv_bytes(spec, tokens=tokens, gpus=gpus, freed_beyond=freed_beyond)


def count_host_mib(spec: ModelSpec, *, gpus: int) -> int:
    """Return the main memory to reserve for one copy, in MiB: a process per GPU and the largest file of weights."""
    file_bytes = min(spec.parameters * spec.dtype.size_bytes, _LARGEST_FILE_BYTES)
    return gpus * _HOST_MIB_PER_GPU + ceil(file_bytes / _MIB)


def count_cpu_cores(*, gpus: int) -> int:
    """Return the processor cores to reserve for one copy: two for the router and its tokenizers, one for each shard."""
    return 2 + gpus
