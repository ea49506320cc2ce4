"""What SageMaker would mount of a model's files. They are not here; which ones would be, the local AWS says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from local.llama.errors import StartupError

# Where SageMaker puts weights that come from S3.
MOUNTED_WEIGHTS: Final = "/opt/ml/model"


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
    """Read the variable LOCAL_MOUNTED.

    Raises:
        StartupError: it is not of its form.
    """
    try:
        content = json.loads(text)
        return Mounted(files=frozenset(content["files"]), tensors=dict(content["tensors"]))
    except (ValueError, KeyError, TypeError) as error:
        raise StartupError(f"LOCAL_MOUNTED={text!r} is not known: {error}") from error
