"""The files that SageMaker would put before a container, as far as one needs to know them that loads other weights."""

import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Mounted:
    """What is under /opt/ml/model.

    Attributes:
        files: the names of config.json and of the weights that are there.
        tensors: by the name of each file that the index names, one tensor of it.
    """

    files: tuple[str, ...]
    tensors: Mapping[str, str]

    def to_text(self) -> str:
        """The same as the value of a variable."""
        return json.dumps({"files": self.files, "tensors": dict(self.tensors)})
