"""LoRA adapters as PEFT saves them, with weights that were drawn: enough to tell one from another."""

import json
import struct
from pathlib import Path

import numpy as np

# SmolLM2-135M: hidden size, that of keys and values, that of the feed-forward network.
HIDDEN, KEYS, WIDE = 576, 192, 1536
SHAPES = {
    "self_attn.q_proj": (HIDDEN, HIDDEN),
    "self_attn.k_proj": (HIDDEN, KEYS),
    "self_attn.o_proj": (HIDDEN, HIDDEN),
    "mlp.down_proj": (WIDE, HIDDEN),
}


def save_adapter(
    folder: Path,
    *,
    rank: int = 8,
    seed: int = 1,
    strength: float = 1.0,
    columns: int | None = None,
    module: str | None = None,
    **config: object,
) -> Path:
    """Write one for SmolLM2-135M.

    Args:
        folder: for its files.
        rank: of its matrices.
        seed: of what is drawn.
        strength: of its effect; 0 for none.
        columns: of the first matrices, where they shall not fit.
        module: to name one instead of a projection's.
        config: goes over what is usual.
    """
    folder.mkdir(parents=True, exist_ok=True)
    usual = {"r": rank, "lora_alpha": rank, "target_modules": ["q_proj"], "peft_type": "LORA", "bias": "none"}
    named = {"base_model_name_or_path": "HuggingFaceTB/SmolLM2-135M-Instruct"}
    (folder / "adapter_config.json").write_text(json.dumps(usual | named | config))
    drawn = np.random.default_rng(seed)
    tensors: dict[str, np.ndarray] = {}
    for layer in (10, 20):
        for name, (read, written) in SHAPES.items():
            place = f"base_model.model.model.layers.{layer}.{module or name}"
            tensors[f"{place}.lora_A.weight"] = drawn.normal(size=(rank, columns or read)).astype("<f4") / 10
            tensors[f"{place}.lora_B.weight"] = drawn.normal(size=(written, rank)).astype("<f4") * strength
    head: dict[str, object] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, tensor in tensors.items():
        head[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [at, at + tensor.nbytes]}
        at += tensor.nbytes
    described = json.dumps(head).encode()
    data = b"".join(tensor.tobytes() for tensor in tensors.values())
    (folder / "adapter_model.safetensors").write_bytes(struct.pack("<Q", len(described)) + described + data)
    return folder
