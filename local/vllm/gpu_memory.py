"""Whether the deployed model would fit into the GPUs of the copy, and vLLM's words where it would not.

There is no GPU here. The instance's GPUs are what the local AWS says that the copy has, and what the model takes of
them is reckoned (model/memory.py). What is refused is what could not serve one request of the longest length.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from local.llama.errors import StartupError
from local.vllm.settings import Settings
from model import catalog
from model.errors import UnknownModelError
from model.hardware import Gpu
from model.memory import count_free_bytes, count_kv_bytes, count_weights_bytes
from model.spec import ModelSpec, Quantization

_MIB: Final = 1024 * 1024
_GIB: Final = 1024 * _MIB
# What vLLM reads at once when the deployment does not say (vllm/engine/arg_utils.py, for an API server).
_PREFILL_TOKENS: Final = 2048


def require_room(settings: Settings, model_id: str, *, added: Mapping[str, ModelSpec]) -> None:
    """Check that a model of the catalogue fits; of one that is not in it nothing is known.

    Args:
        settings: of the deployment.
        model_id: the model that it names.
        added: what the project has added to the catalogue.

    Raises:
        StartupError: its weights do not, or leave no room for the longest request (vllm/v1/core/kv_cache_utils.py).
    """
    if settings.gpu_memory_mib is None:
        return
    try:
        spec = _as_deployed(catalog.find(model_id, added=added), settings)
    except UnknownModelError:
        return
    gpus, memory_bytes = settings.gpus, settings.gpu_memory_mib * _MIB
    weights_bytes = count_weights_bytes(spec) // gpus
    if weights_bytes > memory_bytes:
        raise StartupError(
            f"torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 112.00 MiB. GPU 0 has a total capacity of "
            f"{memory_bytes / _GIB:.2f} GiB of which 51.20 MiB is free. ({model_id} takes {weights_bytes / _GIB:.1f} "
            f"GiB of each of {gpus} GPU(s): reckoned, there is no GPU here.)"
        )
    gpu = Gpu(name="", memory_mib=settings.gpu_memory_mib, bandwidth_gb_per_s=0, bf16_tflops=0, link_gb_per_s=0)
    prefill_tokens = settings.max_num_batched_tokens or _PREFILL_TOKENS
    free_bytes = count_free_bytes(spec, gpu=gpu, gpus=gpus, prefill_tokens=prefill_tokens)
    if free_bytes <= 0:
        raise StartupError(
            "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when "
            "initializing the engine."
        )
    longest = settings.max_model_len or spec.max_positions
    needed_bytes = count_kv_bytes(spec, tokens=longest, gpus=gpus, freed_beyond=prefill_tokens)
    if needed_bytes > free_bytes:
        raise StartupError(
            f"ValueError: To serve at least one request with the models's max seq len ({longest}), "
            f"({needed_bytes / _GIB:.2f} GiB KV cache is needed, which is larger than the available KV cache memory "
            f"({free_bytes / _GIB:.2f} GiB). Try increasing `gpu_memory_utilization` or decreasing `max_model_len` "
            "when initializing the engine."
        )


def _as_deployed(spec: ModelSpec, settings: Settings) -> ModelSpec:
    if settings.quantization in {quantization.value for quantization in Quantization}:
        spec = replace(spec, quantization=Quantization(settings.quantization))
    if settings.enable_lora:
        spec = replace(spec, adapter_slots=settings.max_loras, adapter_rank=settings.max_lora_rank)
    return spec
