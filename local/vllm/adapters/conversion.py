"""PEFT's tensors as llama.cpp's: its names, its order of rows, its file.

Names and order are those of llama.cpp's own converter (convert_lora_to_gguf.py, gguf-py/gguf/tensor_mapping.py). Only
modules that vLLM puts adapters on are known: the projections of attention and of the feed-forward network.
"""

import re
import struct
from collections.abc import Mapping
from typing import Final

from local.llama.gguf import Value
from local.vllm.adapters.peft import PeftAdapter, Tensor, UnusableAdapterError

_MODULES: Final[Mapping[str, str]] = {
    "q_proj": "attn_q",
    "k_proj": "attn_k",
    "v_proj": "attn_v",
    "o_proj": "attn_output",
    "gate_proj": "ffn_gate",
    "up_proj": "ffn_up",
    "down_proj": "ffn_down",
}
_NAME: Final = re.compile(
    r"base_model\.model\.(?:model\.)?layers\.(\d+)\.(?:self_attn|mlp)\.(\w+)\.lora_([AB])\.(?:default\.)?weight",
    re.ASCII,
)
# Models whose converter reorders the rows of the queries' and the keys' projections.
_REORDERED: Final = frozenset({"llama"})
_TYPES: Final[Mapping[str, int]] = {"F32": 0, "F16": 1, "BF16": 30}
_ALIGNMENT_BYTES: Final = 32


class OtherShapesError(UnusableAdapterError):
    """An adapter of another model than the one that runs."""


def convert(adapter: PeftAdapter, *, metadata: Mapping[str, Value], shapes: Mapping[str, tuple[int, ...]]) -> bytes:
    """Return the adapter as a GGUF file.

    Args:
        adapter: as PEFT saved it.
        metadata: of the model's file.
        shapes: of the model's tensors, by their names; columns come first, as GGUF has them.

    Raises:
        OtherShapesError: its matrices do not fit on the model's.
        UnusableAdapterError: it is on modules that vLLM puts no adapters on.
    """
    architecture = str(metadata["general.architecture"])
    tensors: dict[str, Tensor] = {}
    for name, tensor in adapter.tensors.items():
        match = _NAME.fullmatch(name)
        if match is None or match[2] not in _MODULES:
            raise UnusableAdapterError(
                f"While loading {adapter.weights_file.parent}, expected target modules in {set(_MODULES)} but received "
                f"['{name}']. Please verify that the loaded LoRA module is correct"
            )
        layer, module, side = match.groups()
        target = f"blk.{layer}.{_MODULES[module]}.weight"
        _check_shape(adapter, name, tensor, shapes.get(target), side=side)
        heads = _count_heads(metadata, architecture, module)
        if side == "B" and heads is not None:
            tensor = reorder_rows(tensor, heads)  # noqa: PLW2901  the same tensor in the other order
        tensors[f"{target}.lora_{side.lower()}"] = tensor
    alone = [name for name in tensors if f"{name[:-1]}{'b' if name.endswith('a') else 'a'}" not in tensors]
    if alone or not tensors:
        raise UnusableAdapterError(f"an adapter has two matrices for each module; only one is there: {alone}")
    # llama.cpp divides it by the rank.
    return _write(architecture, alpha=adapter.scaling * adapter.rank, tensors=tensors)


def reorder_rows(tensor: Tensor, heads: int) -> Tensor:
    """Return the rows of each head in the order in which llama.cpp rotates them: by pairs, not by halves."""
    row_bytes = len(tensor.data) // tensor.shape[0]
    head_rows = tensor.shape[0] // heads
    order = [
        head * head_rows + half * (head_rows // 2) + row
        for head in range(heads)
        for row in range(head_rows // 2)
        for half in range(2)
    ]
    data = b"".join(tensor.data[at * row_bytes : (at + 1) * row_bytes] for at in order)
    return Tensor(dtype=tensor.dtype, shape=tensor.shape, data=data)


def _check_shape(adapter: PeftAdapter, name: str, tensor: Tensor, target: tuple[int, ...] | None, *, side: str) -> None:
    expected = None
    if target is not None:
        expected = (adapter.rank, target[0]) if side == "A" else (target[1], adapter.rank)
    if tensor.shape != expected:
        raise OtherShapesError(
            f"{name} has the shape {tensor.shape} and the model that runs needs {expected or 'no such matrix'}: the "
            f"adapter is of another model ({adapter.base})"
        )


def _count_heads(metadata: Mapping[str, Value], architecture: str, module: str) -> int | None:
    """Return how many heads' rows are reordered; None for a projection whose rows stay as they are."""
    if architecture not in _REORDERED or module not in {"q_proj", "k_proj"}:
        return None
    key = f"{architecture}.attention.head_count"
    heads = metadata.get(f"{key}_kv", metadata[key]) if module == "k_proj" else metadata[key]
    assert isinstance(heads, int)  # noqa: S101  so the format has it
    return heads


def _write(architecture: str, *, alpha: float, tensors: Mapping[str, Tensor]) -> bytes:
    """Return the file, version 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md)."""
    values = [
        _string("general.type") + struct.pack("<I", 8) + _string("adapter"),
        _string("general.architecture") + struct.pack("<I", 8) + _string(architecture),
        _string("adapter.type") + struct.pack("<I", 8) + _string("lora"),
        _string("adapter.lora.alpha") + struct.pack("<If", 6, alpha),
    ]
    head = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(values)), *values]
    data: list[bytes] = []
    at = 0
    for name, tensor in tensors.items():
        rows, columns = tensor.shape
        head.append(_string(name) + struct.pack("<IQQIQ", 2, columns, rows, _TYPES[tensor.dtype], at))
        padded = tensor.data + bytes(-len(tensor.data) % _ALIGNMENT_BYTES)
        data.append(padded)
        at += len(padded)
    described = b"".join(head)
    return b"".join((described, bytes(-len(described) % _ALIGNMENT_BYTES), *data))


def _string(text: str) -> bytes:
    content = text.encode()
    return struct.pack("<Q", len(content)) + content
