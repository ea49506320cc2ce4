"""Which weights serve: the deployment's own, a file that was named, or the small model in their place."""

import logging
from pathlib import Path
from typing import Final

from local.llama.errors import StartupError
from local.llama.hub import Hub, require_access
from local.llama.mounted import MOUNTED_WEIGHTS
from local.llama.weights import ADDED_MODELS, Weights, named_weights, read_added_models, small_weights
from local.tgi.gpu_memory import require_room
from local.tgi.mounted import require_whole
from local.tgi.settings import Settings

_LOG: Final = logging.getLogger("text_generation_launcher")


def find_weights(settings: Settings, *, added_models: Path = ADDED_MODELS) -> Weights:
    """Decide what serves a deployment.

    A file that was named serves in any case. Without it: the small model serves itself; it stands in for a model of the
    catalogue, for one that the project added, and for weights that SageMaker would mount; nothing stands in for an id
    that nobody knows, that the hub would not give to the deployment, or that would not fit into its GPUs, and for
    weights of which SageMaker would mount a part.

    Args:
        settings: of the deployment.
        added_models: the file of the models that the project has added to the catalogue; it need not exist.

    Raises:
        StartupError: there is no such model or file, or the packaged file is not the one that was published.
    """
    if settings.model_file is not None:
        return named_weights(settings.model_id, settings.model_file)
    model_id = settings.model_id
    if model_id is None:
        raise StartupError("HF_MODEL_ID must be set")
    added = read_added_models(added_models)
    if model_id != MOUNTED_WEIGHTS:
        _LOG.info("Starting check and download process for %s", model_id)
        hub = Hub(url=settings.hub_url, token=settings.hub_token, revision=settings.revision)
        require_access(hub, model_id, added=added, otherwise="Any other model: LOCAL_TGI_MODEL_FILE=FILE.gguf")
    elif settings.mounted is not None:
        require_whole(settings.mounted)
    require_room(settings, model_id, added=added)
    return small_weights(model_id)
