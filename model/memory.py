"""How much memory one copy of a model takes: formulae only, no decisions (those are fit.py's).

All figures are of one copy. GPU memory is per GPU: tensor parallelism over `gpus` GPUs splits weights, KV cache and the
wide activations evenly.
"""

from math import ceil

from model.hardware import GIB_IN_MIB, Gpu
from model.spec import ModelSpec, Quantization

_MIB = 1024 * 1024

# TGI serves in float16 or bfloat16 whatever the file holds, and keeps the KV cache in the same format.
_SERVED_BYTES = 2

# Four-bit formats add a 16-bit scale and a 4-bit zero to each group of 128 weights: 20 / 128 = 0.16 bits a weight.
_GROUP_OVERHEAD_BITS = 0.16

# TGI leaves a part of the memory free when it sizes the KV cache: TGI_WIGGLE_ROOM, 0.95 in version 2 and 0.90 in the
# newest source that was read (backends/gaudi; the CUDA server's default in 3.3 was not found). The smaller is safe for
# both.
_USABLE_SHARE = 0.90

# CUDA context, attention workspace and the graphs of six batch sizes: about 1 GiB on every GPU. An assumption on the
# safe side, not a published figure.
_RUNTIME_MIB = GIB_IN_MIB

# Numbers alive per prompt token and unit of hidden size while a block of a Llama runs: residual, norm, q, k, v,
# attention output (about 5) and the MLP's gate, up and product (3 x 3.5, the ratio of Llama 3's intermediate size).
_ACTIVATIONS_PER_HIDDEN = 16

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


def count_kv_bytes_per_token(spec: ModelSpec) -> int:
    """Return the KV cache of one token, over all GPUs: `2 x layers x kv_heads x head_dim x 2 bytes`.

    Kwon et al., Efficient Memory Management for Large Language Model Serving with PagedAttention, 2023, section 3.
    """
    return 2 * spec.layers * spec.kv_heads * spec.head_dim * _SERVED_BYTES


def count_kv_tokens(spec: ModelSpec, *, gpu: Gpu, gpus: int, prefill_tokens: int) -> int:
    """Return how many tokens the KV cache has room for; negative where the weights alone do not fit.

    `(memory x 0.90 - weights / gpus - runtime - activations) / (kv_bytes_per_token / gpus)`: TGI's own reckoning when
    it warms up, with the activations of one prefill estimated instead of measured.

    Args:
        spec: the model.
        gpu: the kind of GPU.
        gpus: how many GPUs the copy is spread over.
        prefill_tokens: prompt tokens that are read in one pass.
    """
    activations = prefill_tokens * spec.hidden_size * _ACTIVATIONS_PER_HIDDEN * _SERVED_BYTES / gpus
    free_bytes = (
        gpu.memory_mib * _MIB * _USABLE_SHARE - count_weights_bytes(spec) / gpus - _RUNTIME_MIB * _MIB - activations
    )
    return int(free_bytes * gpus // count_kv_bytes_per_token(spec))


def count_host_mib(spec: ModelSpec, *, gpus: int) -> int:
    """Return the main memory to reserve for one copy, in MiB: a process per GPU and the largest file of weights."""
    file_bytes = min(spec.parameters * spec.dtype.size_bytes, _LARGEST_FILE_BYTES)
    return gpus * _HOST_MIB_PER_GPU + ceil(file_bytes / _MIB)


def count_cpu_cores(*, gpus: int) -> int:
    """Return the processor cores to reserve for one copy: two for the router and its tokenizers, one for each shard."""
    return 2 + gpus
