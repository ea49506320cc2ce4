"""Whether the weights that SageMaker mounts are a whole model, and TGI's words where they are not."""

from typing import Final

from local.llama.errors import StartupError
from local.llama.mounted import MOUNTED_WEIGHTS, Mounted

_CONFIG: Final = "config.json"
_EXTENSION: Final = ".safetensors"


def require_whole(mounted: Mounted) -> None:
    """Check that TGI would find what it loads.

    Raises:
        StartupError: it would not. The words are transformers' for the configuration and the text generation server's
            for the weights (server/text_generation_server/utils/hub.py and weights.py, v3.3).
    """
    if _CONFIG not in mounted.files:
        raise StartupError(
            f"OSError: {MOUNTED_WEIGHTS} does not appear to have a file named {_CONFIG}. Checkout "
            f"'https://huggingface.co/{MOUNTED_WEIGHTS}/tree/main' for available files."
        )
    if not any(name.endswith(_EXTENSION) for name in mounted.files):
        raise StartupError(
            f"FileNotFoundError: No local weights found in {MOUNTED_WEIGHTS} with extension {_EXTENSION}"
        )
    for file, tensor in sorted(mounted.tensors.items()):
        if file not in mounted.files:
            raise StartupError(f"RuntimeError: weight {tensor} does not exist ({file} is missing) ShardCannotStart")
