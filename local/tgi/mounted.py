"""Whether the weights that SageMaker mounts are a whole model, and TGI's words where they are not.

The files are not here: the small model stands in for them. Which ones would be, the local AWS says.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from local.tgi.errors import StartupError

# Where SageMaker puts weights that come from S3.
MOUNTED_WEIGHTS: Final = "/opt/ml/model"
_CONFIG: Final = "config.json"
_EXTENSION: Final = ".safetensors"


@dataclass(frozen=True, kw_only=True)
class Mounted:
    """What is under /opt/ml/model.

    Attributes:
        files: the names of config.json and of the weights that are there.
        tensors: by the name of each file that the index names, one tensor of it.
    """

    files: frozenset[str]
    tensors: Mapping[str, str]


def parse_mounted(text: str) -> Mounted:
    """Read the variable LOCAL_TGI_MOUNTED.

    Raises:
        StartupError: it is not of its form.
    """
    try:
        content = json.loads(text)
        return Mounted(files=frozenset(content["files"]), tensors=dict(content["tensors"]))
    except (ValueError, KeyError, TypeError) as error:
        raise StartupError(f"LOCAL_TGI_MOUNTED={text!r} is not known: {error}") from error


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
