"""Whether the deployed model would fit into the GPUs of the copy, and TGI's words where it would not.

There is no GPU here. The instance's GPUs are what the local AWS says that the copy has, and what the model takes of
them is reckoned (model/memory.py). What is refused is what could not serve a single prompt; a batch that is too large
for the rest is TGI's to cut.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from local.llama.errors import StartupError
from local.tgi.settings import Settings
from model import catalog
from model.errors import UnknownModelError
from model.hardware import Gpu
from model.memory import count_free_bytes, count_weights_bytes
from model.spec import ModelSpec, Quantization

_MIB: Final = 1024 * 1024
_GIB: Final = 1024 * _MIB
# What TGI reads at once when it warms up, where the deployment does not say.
_PREFILL_TOKENS: Final = 4096


def require_room(settings: Settings, model_id: str, *, added: Mapping[str, ModelSpec]) -> None:
    """Check that a model of the catalogue fits; of one that is not in it nothing is known.

    Args:
        settings: of the deployment.
        model_id: the model that it names.
        added: what the project has added to the catalogue.

    Raises:
        StartupError: its weights do not (https://github.com/huggingface/text-generation-inference/issues/866), or
            leave no room for a prompt (https://github.com/huggingface/text-generation-inference/issues/755).
    """
    if settings.gpu_memory_mib is None:
        return
    try:
        spec = catalog.find(model_id, added=added)
    except UnknownModelError:
        return
    if settings.quantize in {quantization.value for quantization in Quantization}:
        spec = replace(spec, quantization=Quantization(settings.quantize))
    gpus, memory_bytes = settings.shards, settings.gpu_memory_mib * _MIB
    weights_bytes = count_weights_bytes(spec) // gpus
    if weights_bytes > memory_bytes:
        taken_gib, total_gib = memory_bytes / _GIB - 0.05, memory_bytes / _GIB
        raise StartupError(
            f"torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 112.00 MiB. GPU 0 has a total capacity of "
            f"{total_gib:.2f} GiB of which 51.20 MiB is free. Of the allocated memory {taken_gib:.2f} GiB is allocated "
            f"by PyTorch. ({model_id} takes {weights_bytes / _GIB:.1f} GiB of each of {gpus} GPU(s): reckoned, there "
            "is no GPU here.) Error: ShardCannotStart"
        )
    prefill_tokens = settings.max_batch_prefill_tokens or _PREFILL_TOKENS
    gpu = Gpu(name="", memory_mib=settings.gpu_memory_mib, bandwidth_gb_per_s=0, bf16_tflops=0, link_gb_per_s=0)
    if count_free_bytes(spec, gpu=gpu, gpus=gpus, prefill_tokens=prefill_tokens) <= 0:
        raise StartupError(
            f'Warmup(Generation("Not enough memory to handle {prefill_tokens} prefill tokens. You need to decrease '
            '`--max-batch-prefill-tokens`"))'
        )
