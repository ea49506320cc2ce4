"""What a request may call the model: its served names, and the adapters that are loaded."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.llama.weights import StandIn, Weights
from local.vllm.errors import NotFoundError


@dataclass(frozen=True, kw_only=True)
class ServedAdapter:
    """An adapter that requests can ask for.

    Attributes:
        name: by which they do.
        path: of its folder.
        file: what the engine applies; None where another model stands in for the one that it is for, and
            answers without it.
    """

    name: str
    path: str
    file: Path | None


@dataclass(kw_only=True)
class Models:
    """The models of a server.

    Attributes:
        weights: what really serves.
        served_names: of the base.
        max_model_len: its limit.
        adapters: by their names.
    """

    weights: Weights
    served_names: Sequence[str]
    max_model_len: int
    adapters: dict[str, ServedAdapter] = field(default_factory=dict)
    _started: int = field(default_factory=lambda: int(time.time()))

    @property
    def base_name(self) -> str:
        """What answers call the base."""
        return self.served_names[0]

    def find(self, name: str | None) -> ServedAdapter | None:
        """Return the adapter that a request names; None for the base.

        Raises:
            NotFoundError: there is neither a model nor an adapter of that name.
        """
        if not name or name in self.served_names:
            return None
        adapter = self.adapters.get(name)
        if adapter is None:
            raise NotFoundError(f"The model `{name}` does not exist.", param="model")
        return adapter

    def describe(self) -> dict[str, Any]:
        """Return the answer of /v1/models. `stand_in` is this server's own: what answers instead, or null."""
        stand_in = _describe_stand_in(self.weights.stand_in)
        bases = [
            self._card(name, root=self.weights.model_id, parent=None, max_model_len=self.max_model_len) | stand_in
            for name in self.served_names
        ]
        adapters = [
            self._card(adapter.name, root=adapter.path, parent=self.base_name, max_model_len=None)
            | (stand_in if adapter.file is None else _describe_stand_in(None))
            for adapter in self.adapters.values()
        ]
        return {"object": "list", "data": bases + adapters}

    def _card(self, name: str, *, root: str, parent: str | None, max_model_len: int | None) -> dict[str, Any]:
        return {
            "id": name,
            "object": "model",
            "created": self._started,
            "owned_by": "vllm",
            "root": root,
            "parent": parent,
            "max_model_len": max_model_len,
            "permission": [],
        }


def _describe_stand_in(stand_in: StandIn | None) -> dict[str, Any]:
    return {"stand_in": stand_in and {"serves": stand_in.serves, "instead_of": stand_in.instead_of}}
