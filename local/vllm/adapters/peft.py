"""An adapter as PEFT saves it: a folder with adapter_config.json and adapter_model.safetensors.

Which ones are refused, and in which words, is vLLM's (vllm/lora/peft_helper.py and lora_model.py).
"""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_CONFIG: Final = "adapter_config.json"
_WEIGHTS: Final = "adapter_model.safetensors"
# The format begins with the length of its head; none is near this.
_LONGEST_HEAD_BYTES: Final = 100_000_000


class UnusableAdapterError(Exception):
    """An adapter that vLLM would not load. The message says why, in vLLM's words where it has some."""


class MissingAdapterError(UnusableAdapterError):
    """A folder that holds no adapter."""


@dataclass(frozen=True)
class Tensor:
    """One tensor of the file.

    Attributes:
        dtype: F32, F16 or BF16.
        shape: rows and columns.
        data: as it is in the file, row by row.
    """

    dtype: str
    shape: tuple[int, ...]
    data: bytes


@dataclass(frozen=True, kw_only=True)
class PeftAdapter:
    """An adapter that was read.

    Attributes:
        rank: of its matrices.
        scaling: by which their product is multiplied.
        base: the model that it says it was trained on.
        tensors: by their names, as `base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight`.
        weights_file: where they are from.
    """

    rank: int
    scaling: float
    base: str
    tensors: Mapping[str, Tensor]
    weights_file: Path


def read_adapter(folder: Path, *, max_rank: int) -> PeftAdapter:
    """Read an adapter.

    Args:
        folder: of its files.
        max_rank: the highest rank that there is room for.

    Raises:
        MissingAdapterError: there is none in the folder.
        UnusableAdapterError: it is of a kind or a rank that vLLM refuses, or its files are damaged.
    """
    config_file, weights_file = folder / _CONFIG, folder / _WEIGHTS
    if not config_file.is_file():
        raise MissingAdapterError(f"No adapter found for {folder}")
    config = _read_config(config_file)
    rank, alpha = config["r"], config["lora_alpha"]
    problems = []
    if config.get("modules_to_save"):
        problems.append("vLLM only supports modules_to_save being None.")
    if config.get("use_dora"):
        problems.append("vLLM does not yet support DoRA.")
    if rank > max_rank:
        problems.append(f"LoRA rank {rank} is greater than max_lora_rank {max_rank}.")
    if config.get("bias", "none") != "none":
        problems.append("Adapter bias is not supported.")
    if problems:
        raise UnusableAdapterError(" ".join(problems))
    if not weights_file.is_file():
        raise UnusableAdapterError(f"{folder} doesn't contain tensors: there is no {_WEIGHTS} in it.")
    return PeftAdapter(
        rank=rank,
        scaling=alpha / math.sqrt(rank) if config.get("use_rslora") else alpha / rank,
        base=str(config.get("base_model_name_or_path") or "an unnamed model"),
        tensors=_read_tensors(weights_file),
        weights_file=weights_file,
    )


def _read_config(file: Path) -> dict[str, Any]:
    try:
        config = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise UnusableAdapterError(f"{_CONFIG} cannot be read: {error}") from error
    missing = {"r", "lora_alpha", "target_modules"} - (config.keys() if isinstance(config, dict) else set())
    if missing:
        raise UnusableAdapterError(f"Missing required configuration fields: {missing}")
    rank, alpha = config["r"], config["lora_alpha"]
    if not (isinstance(rank, int) and rank > 0 and isinstance(alpha, int | float)):
        raise UnusableAdapterError(f"r={rank!r}, lora_alpha={alpha!r}: r must be a whole number above 0, both numbers")
    return dict(config)


def _read_tensors(file: Path) -> dict[str, Tensor]:
    """Read https://github.com/huggingface/safetensors#format: a length, a head in JSON, the data."""
    content = file.read_bytes()
    try:
        (length,) = struct.unpack_from("<Q", content)
        head = json.loads(content[8 : 8 + min(length, _LONGEST_HEAD_BYTES)])
        entries = {name: entry for name, entry in head.items() if name != "__metadata__"}
        return {name: _read_tensor(entry, content, start=8 + length) for name, entry in entries.items()}
    except (ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise UnusableAdapterError(f"{_WEIGHTS} is no readable safetensors file: {error}") from error


def _read_tensor(entry: Mapping[str, Any], content: bytes, *, start: int) -> Tensor:
    begin, end = entry["data_offsets"]
    dtype, shape = str(entry["dtype"]), tuple(entry["shape"])
    sizes = {"F32": 4, "F16": 2, "BF16": 2}
    if dtype not in sizes:
        raise ValueError(f"its tensors are of type {dtype}; F32, F16 and BF16 are read")
    if not 0 <= begin <= end <= len(content) - start or end - begin != math.prod(shape) * sizes[dtype]:
        raise ValueError("a tensor has another length than its shape")
    return Tensor(dtype=dtype, shape=shape, data=content[start + begin : start + end])
