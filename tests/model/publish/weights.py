"""Models as save_pretrained() writes them, but small: true safetensors headers over random bytes."""

import json
import os
import struct


def safetensors(data_bytes: int = 64) -> bytes:
    tensor = {"dtype": "U8", "shape": [data_bytes], "data_offsets": [0, data_bytes]}
    header = json.dumps({"__metadata__": {"format": "pt"}, "weight": tensor}).encode()
    return struct.pack("<Q", len(header)) + header + os.urandom(data_bytes)


def model(*, shards: int = 1, data_bytes: int = 5000) -> dict[str, bytes]:
    """The files of a model by name; with several shards an index names them."""
    files = {
        "config.json": json.dumps({"model_type": "llama"}).encode(),
        "generation_config.json": b"{}",
        "tokenizer.json": json.dumps({"words": "x" * 2000}).encode(),
        "tokenizer_config.json": b"{}",
    }
    if shards == 1:
        return files | {"model.safetensors": safetensors(data_bytes)}
    names = [f"model-{number:05}-of-{shards:05}.safetensors" for number in range(1, shards + 1)]
    index = {"metadata": {}, "weight_map": {f"layer.{number}": name for number, name in enumerate(names)}}
    return (
        files
        | {name: safetensors(data_bytes) for name in names}
        | {"model.safetensors.index.json": json.dumps(index).encode()}
    )
