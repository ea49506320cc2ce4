"""How fast a copy can be, from the two limits of its GPUs: operations and memory bandwidth.

An estimate before anything runs; it knows no kernels, no scheduler and no network. Of 27 published decoding speeds half
are met within 8% and 25 within a fifth; the worst, 16 streams on eight GPUs, is put 42% too high (benchmarks/fit prints
them all; two of the constants below were taken from the same figures). Nobody's time to the first token was found to
hold the prefill against.

Sources of the method: Williams, Waterman, Patterson, Roofline, 2009; Pope et al., Efficiently Scaling Transformer
Inference, 2022 (https://arxiv.org/abs/2211.05102); https://kipp.ly/transformer-inference-arithmetic/.
"""

from dataclasses import dataclass
from enum import StrEnum

from model.hardware import Gpu
from model.memory import count_kv_bytes, count_weights_bytes
from model.spec import ModelSpec

# The part of the datasheet's bandwidth that decoding one stream on one GPU reached with TGI 2.2 and vLLM 0.5: 0.72 to
# 0.77 over A10G, L4 and L40S with 7B and 8B models. https://huggingface.co/spaces/arcee-ai/Benchmarks
_BANDWIDTH_SHARE = 0.74

# The part of the datasheet's dense operations that a prefill reaches. An assumption: no measurement for these GPUs was
# found. Pope et al. report 0.76 at best; 0.5 also agrees with a batch of 128 streams on two A100 that was published:
# https://github.com/vllm-project/vllm/issues/16300
_COMPUTE_SHARE = 0.50

# What one all-reduce adds to a step, however little is sent: launch, synchronisation and the slowest GPU. Published
# single-stream figures for 2 to 8 GPUs put it between 40 and 85 microseconds, over PCIe and NVLink alike (the two
# sources above). Two of them per layer: after attention and after the MLP.
_ALL_REDUCE_S = 65e-6
_ALL_REDUCES_PER_LAYER = 2

# The part of the link's datasheet rate that a large all-reduce reaches. An assumption.
_LINK_SHARE = 0.5

_BYTES = 2
_GIGA = 1e9
_TERA = 1e12


class Bound(StrEnum):
    """What a decoding step waits for most."""

    BANDWIDTH = "memory bandwidth"
    COMPUTE = "compute"
    COMMUNICATION = "communication between GPUs"


@dataclass(frozen=True, kw_only=True)
class Speed:
    """How fast one copy is while it decodes a batch.

    Attributes:
        batch_size: streams that are decoded together.
        context_tokens: prompt and answer so far of each.
        first_token_s: seconds from the start of a prompt's prefill to its first token, on a copy with nothing else to
            do; a queue and the prefills of others come on top.
        step_s: seconds of one decoding step: the time between two tokens of a stream.
        stream_tokens_per_s: tokens per second of one stream.
        copy_tokens_per_s: tokens per second of all streams together.
        bound: what the step waits for most.
    """

    batch_size: int
    context_tokens: int
    first_token_s: float
    step_s: float
    stream_tokens_per_s: float
    copy_tokens_per_s: float
    bound: Bound


def estimate_speed(
    spec: ModelSpec, *, gpu: Gpu, gpus: int, batch_size: int, prompt_tokens: int, context_tokens: int
) -> Speed:
    """Return how fast one copy is.

    With g GPUs of bandwidth B and throughput F:

    - first token = (2 n T + 2 L h d T^2) / (g F x 0.50) + W / (g B x 0.74) + 2 L all-reduces of T tokens. n: parameters
      in matrices, T: prompt tokens, L: layers, h d: width of attention. Two operations per parameter and token;
      attention looks back only, which halves its square.
    - step = (W + b K) / (g B x 0.74) + 2 n b / (g F x 0.50) + 2 L all-reduces of b tokens. W: bytes of the weights
      that a step reads (an embedding that is only looked up is not), b: streams, K: KV cache of one stream. Reading and
      computing overlap in part; the sum is what servers show.
    - one all-reduce = 65 us + 2 (g - 1) / g x bytes / (link x 0.5); nothing on one GPU.
    - stream = 1 / step, copy = b / step.

    Args:
        spec: the model.
        gpu: the kind of GPU.
        gpus: GPUs of the copy.
        batch_size: streams that are decoded together.
        prompt_tokens: length of the prompt whose first token is awaited.
        context_tokens: prompt and answer so far of each stream.
    """
    operations_per_s = gpus * gpu.bf16_tflops * _TERA * _COMPUTE_SHARE
    bytes_per_s = gpus * gpu.bandwidth_gb_per_s * _GIGA * _BANDWIDTH_SHARE
    weights_bytes = _count_read_weights_bytes(spec)
    matrix_parameters = _count_matrix_parameters(spec)
    attention_width = spec.attention_heads * spec.head_dim

    prefill_operations = 2 * matrix_parameters * prompt_tokens + 2 * spec.layers * attention_width * prompt_tokens**2
    first_token_s = (
        prefill_operations / operations_per_s
        + weights_bytes / bytes_per_s
        + _estimate_communication_s(spec, gpu, gpus, prompt_tokens)
    )

    # Windows are read as windows, whatever the engine keeps.
    kv_bytes = batch_size * count_kv_bytes(spec, tokens=context_tokens, gpus=gpus, freed_beyond=1)
    parts = {
        Bound.BANDWIDTH: (weights_bytes + kv_bytes) / bytes_per_s,
        Bound.COMPUTE: 2 * matrix_parameters * batch_size / operations_per_s,
        Bound.COMMUNICATION: _estimate_communication_s(spec, gpu, gpus, batch_size),
    }
    step_s = sum(parts.values())
    return Speed(
        batch_size=batch_size,
        context_tokens=context_tokens,
        first_token_s=first_token_s,
        step_s=step_s,
        stream_tokens_per_s=1 / step_s,
        copy_tokens_per_s=batch_size / step_s,
        bound=max(parts, key=lambda part: parts[part]),
    )


def _count_matrix_parameters(spec: ModelSpec) -> int:
    """Return the parameters that every token is multiplied with: all but an embedding that is only looked up."""
    return spec.parameters - (0 if spec.tied_embeddings else spec.vocab_size * spec.hidden_size)


def _count_read_weights_bytes(spec: ModelSpec) -> int:
    looked_up = 0 if spec.tied_embeddings else spec.vocab_size * spec.hidden_size * _BYTES
    return count_weights_bytes(spec) - looked_up


def _estimate_communication_s(spec: ModelSpec, gpu: Gpu, gpus: int, tokens: int) -> float:
    if gpus == 1:
        return 0.0
    sent_bytes = 2 * (gpus - 1) / gpus * tokens * spec.hidden_size * _BYTES
    all_reduce_s = _ALL_REDUCE_S + sent_bytes / (gpu.link_gb_per_s * _GIGA * _LINK_SHARE)
    return _ALL_REDUCES_PER_LAYER * spec.layers * all_reduce_s
