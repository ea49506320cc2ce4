"""An adapter's way into a running server, and out of it (vllm/entrypoints/openai/models/serving.py).

Where the small model stands in for another base, an adapter of that base does not fit on it. It is then checked and
listed as vLLM would have it, and the stand-in answers in its place without it, as it does in the base's.
"""

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local.llama.errors import StartupError
from local.llama.gguf import Value
from local.llama.model import LoadedModel
from local.vllm.adapters.conversion import OtherShapesError, convert
from local.vllm.adapters.peft import MissingAdapterError, UnusableAdapterError, read_adapter
from local.vllm.errors import InternalServerError, InvalidUserInputError, NotFoundError
from local.vllm.log import LOGGER
from local.vllm.models import Models, ServedAdapter
from local.vllm.settings import Settings

_LOG: Final = logging.getLogger(LOGGER)


class AdapterLoader:
    """Loads adapters and forgets them.

    Args:
        models: where they are listed.
        model: which applies them.
        metadata: of the model's file.
        shapes: of its tensors.
        settings: whether there is room for adapters, and of which rank.
        folder: where converted adapters are kept, by the hash of their files.
    """

    def __init__(
        self,
        *,
        models: Models,
        model: LoadedModel,
        metadata: Mapping[str, Value],
        shapes: Mapping[str, tuple[int, ...]],
        settings: Settings,
        folder: Path,
    ) -> None:
        self._models = models
        self._model = model
        self._metadata = metadata
        self._shapes = shapes
        self._settings = settings
        self._folder = folder
        self._changing = asyncio.Lock()

    async def load(self, name: str, path: str, *, in_place: bool) -> str:
        """Load one.

        Args:
            name: by which requests ask for it.
            path: of its folder.
            in_place: whether it may take the place of another of its name.

        Returns:
            What vLLM says of it.

        Raises:
            ApiError: it is not loaded; another of its name stays.
        """
        if not name or not path:
            raise InvalidUserInputError("Both 'lora_name' and 'lora_path' must be provided.")
        async with self._changing:
            if name in self._models.adapters and not in_place:
                raise InvalidUserInputError(
                    f"The lora adapter '{name}' has already been loaded. If you want to load the adapter in place, set "
                    "'load_inplace' to True."
                )
            try:
                file = await self._prepare(name, Path(path))
                others = [adapter.file for adapter in self._models.adapters.values() if adapter.name != name]
                if file is not None:
                    await self._model.have([*(other for other in others if other is not None), file])
            except MissingAdapterError as error:
                raise NotFoundError(f"Loading lora {name} failed: No adapter found for {path}") from error
            except (UnusableAdapterError, StartupError) as error:
                raise InternalServerError(f"Call to add_lora method failed: {error}") from error
            self._models.adapters[name] = ServedAdapter(name=name, path=path, file=file)
            _LOG.info("Loaded new LoRA adapter: name '%s', path '%s'", name, path)
        return f"Success: LoRA adapter '{name}' added successfully."

    async def unload(self, name: str) -> str:
        """Forget one; requests that it answers now are answered to their end.

        Returns:
            What vLLM says of it.

        Raises:
            ApiError: there is none of that name.
        """
        if not name:
            raise InvalidUserInputError("'lora_name' needs to be provided to unload a LoRA adapter.")
        async with self._changing:
            if name not in self._models.adapters:
                raise NotFoundError(f"The lora adapter '{name}' cannot be found.")
            del self._models.adapters[name]
        _LOG.info("Removed LoRA adapter: name '%s'", name)
        return f"Success: LoRA adapter '{name}' removed successfully."

    async def _prepare(self, name: str, folder: Path) -> Path | None:
        """Return the converted adapter; None where the model that stands in for its base answers without it."""
        if not self._settings.enable_lora:
            raise UnusableAdapterError("LoRA is not enabled. Use --enable-lora to enable LoRA.")
        try:
            return await asyncio.to_thread(self._convert, folder)
        except OtherShapesError as error:
            stand_in = self._models.weights.stand_in
            if stand_in is None:
                raise
            _LOG.warning(
                "STAND-IN: %s answers instead of adapter '%s' on %s: %s. Its answers say nothing about the adapter.",
                stand_in.serves, name, stand_in.instead_of, error,
            )  # fmt: skip
            return None

    def _convert(self, folder: Path) -> Path:
        adapter = read_adapter(folder, max_rank=self._settings.max_lora_rank)
        content = convert(adapter, metadata=self._metadata, shapes=self._shapes)
        file = self._folder / f"{hashlib.sha256(content).hexdigest()}.gguf"
        if not file.exists():
            file.write_bytes(content)
        return file
