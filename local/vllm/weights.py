"""Which weights serve: the deployment's own, a file that was named, or the small model in their place."""

from pathlib import Path
from typing import Final

from local.llama.errors import StartupError
from local.llama.hub import require_access
from local.llama.mounted import MOUNTED_WEIGHTS, Mounted
from local.llama.weights import ADDED_MODELS, Weights, named_weights, read_added_models, small_weights
from local.vllm.gpu_memory import require_room
from local.vllm.settings import Settings

_CONFIG: Final = "config.json"
_EXTENSION: Final = ".safetensors"


def find_weights(settings: Settings, *, added_models: Path = ADDED_MODELS) -> Weights:
    """Decide what serves a deployment, by the rule of local/tgi/weights.py.

    Args:
        settings: of the deployment.
        added_models: the file of the models that the project has added to the catalogue; it need not exist.

    Raises:
        StartupError: there is no such model or file, or the packaged file is not the one that was published.
    """
    model_id = settings.model_id
    if settings.model_file is not None:
        return named_weights(model_id, settings.model_file)
    added = read_added_models(added_models)
    if model_id != MOUNTED_WEIGHTS:
        require_access(
            settings.hub, model_id, added=added, otherwise="Any other model: LOCAL_VLLM_MODEL_FILE=FILE.gguf"
        )
    elif settings.mounted is not None:
        _require_whole(settings.mounted)
    require_room(settings, model_id, added=added)
    return small_weights(model_id)


def _require_whole(mounted: Mounted) -> None:
    """Check that vLLM would find what it loads.

    Raises:
        StartupError: it would not. The words are transformers' for the configuration and vLLM's for the weights
            (vllm/model_executor/model_loader/default_loader.py).
    """
    if _CONFIG not in mounted.files:
        raise StartupError(
            f"OSError: {MOUNTED_WEIGHTS} does not appear to have a file named {_CONFIG}. Checkout "
            f"'https://huggingface.co/{MOUNTED_WEIGHTS}/tree/main' for available files."
        )
    if not any(name.endswith(_EXTENSION) for name in mounted.files):
        raise StartupError(f"RuntimeError: Cannot find any model weights with `{MOUNTED_WEIGHTS}`")
    missing = sorted(tensor for file, tensor in mounted.tensors.items() if file not in mounted.files)
    if missing:
        raise StartupError(
            f"ValueError: Following weights were not initialized from checkpoint: {{{', '.join(map(repr, missing))}}}"
        )
