"""The models that can be served by name: one module per family, and the search over them.

The shapes are those of the published config.json at the revision named in each spec:
`https://huggingface.co/MODEL_ID/blob/REVISION/config.json`. The number of parameters follows from the shape
(parameter_count.py) and is checked against it. A model that is not here is added by a person (added.py) or described
with a ModelSpec of its own.
"""

from collections.abc import Mapping
from types import MappingProxyType

from model.catalog.gemma import GEMMA
from model.catalog.llama import LLAMA
from model.catalog.mistral import MISTRAL
from model.catalog.qwen2 import QWEN2
from model.catalog.qwen3 import QWEN3
from model.catalog.smollm import SMOLLM, SMOLLM2
from model.catalog.twin_llama import TWIN_LLAMA, TWIN_LLAMA_DPO
from model.errors import UnknownModelError
from model.spec import ModelSpec

__all__ = ["SMOLLM2", "TWIN_LLAMA", "TWIN_LLAMA_DPO", "find", "model_ids"]

_SPECS = MappingProxyType(
    {
        spec.model_id: spec
        for spec in (TWIN_LLAMA_DPO, TWIN_LLAMA, SMOLLM2, *SMOLLM, *LLAMA, *MISTRAL, *QWEN2, *QWEN3, *GEMMA)
    }
)
_NONE_ADDED: Mapping[str, ModelSpec] = MappingProxyType({})


def find(model_id: str, *, added: Mapping[str, ModelSpec] = _NONE_ADDED) -> ModelSpec:
    """Return the spec of a model.

    Args:
        model_id: the hub's id, exactly as written there.
        added: specs of the project's own, by id, as `model.added.read_added` returns them; they win over the
            catalogue's, so that a newer revision can be pinned.

    Raises:
        UnknownModelError: neither has it; the error lists what they have.
    """
    spec = added.get(model_id) or _SPECS.get(model_id)
    if spec is None:
        raise UnknownModelError(model_id, known=(*model_ids(), *(one for one in added if one not in _SPECS)))
    return spec


def model_ids() -> tuple[str, ...]:
    """Return the id of every model in the catalogue; the cloud's default first."""
    return tuple(_SPECS)
