"""llama.cpp's server, inside this process: the weights, the KV cache and continuous batching.

What is said to it is client.py's business. It listens on a Unix socket in a folder that only this user can open.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from local.llama.errors import StartupError

# OpenMP's threads spin while they wait, by default for milliseconds: with a second busy process on the same cores
# neither makes progress. libgomp reads these when the library is loaded.
_OPENMP: Final = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "1000"}
# Prompts are read this many tokens at a time, between which other requests get their next token and a request whose
# client has left is dropped. Larger steps are hardly faster on a CPU.
_BATCH_TOKENS: Final = 128
_LONGEST_FOLDER: Final = 70
# llama.cpp rounds the size of the context up to this anyway.
_CONTEXT_STEP_TOKENS: Final = 256
# What a generation may need beyond what was promised to it: see Engine.generate.
_SPARE_TOKENS: Final = 256


class LlamaServer:
    """A loaded model that answers on a socket.

    Attributes:
        socket_path: where it listens.
    """

    def __init__(
        self,
        *,
        model_file: Path,
        context_tokens: int,
        max_batch_size: int,
        threads: int,
        adapters: Sequence[Path] = (),
    ) -> None:
        """Load the weights and warm them up; this blocks, for about a second with a small model.

        Args:
            model_file: the GGUF file.
            context_tokens: tokens that the KV cache holds, of all requests together.
            max_batch_size: requests that generate at once.
            threads: that compute.
            adapters: LoRA adapters in GGUF that a request can ask for, by their places here; by itself none has an
                effect.

        Raises:
            StartupError: llama.cpp does not load the file; it has said why on stderr.
        """
        os.environ.update({name: value for name, value in _OPENMP.items() if name not in os.environ})
        import xllamacpp  # noqa: PLC0415  loading the library starts OpenMP, which must find its settings by then

        self._folder = tempfile.TemporaryDirectory(prefix="llama-", dir=_choose_folder())
        self.socket_path = Path(self._folder.name) / "llama.sock"
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(model_file)
        parameters.n_parallel = max_batch_size + 1  # one for checks of grammars, which wait for nobody
        parameters.kv_unified = True
        parameters.n_ctx = -(-(context_tokens + _SPARE_TOKENS) // _CONTEXT_STEP_TOKENS) * _CONTEXT_STEP_TOKENS
        parameters.n_batch = parameters.n_ubatch = _BATCH_TOKENS
        parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
        parameters.n_threads_http = max_batch_size + 4
        parameters.hostnames, parameters.port = [str(self.socket_path)], 1
        parameters.cache_ram_mib = 0
        # On a CPU flash attention is no faster and loses digits when requests share a batch: log probabilities moved by
        # up to 0.28 with it, by 0.05 without.
        parameters.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        parameters.fit_params = False
        parameters.prefill_assistant = False  # TGI and vLLM always open a new turn
        parameters.endpoint_slots = False
        parameters.verbosity = 1
        parameters.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(adapter), 0.0) for adapter in adapters]
        parameters.lora_init_without_apply = True
        try:
            self._server: Any = xllamacpp.Server(parameters)
        except RuntimeError as error:
            self._folder.cleanup()
            raise StartupError(f"llama.cpp cannot load {model_file}: {error}") from error

    def close(self) -> None:
        """Stop computing and free everything."""
        self._server = None
        self._folder.cleanup()


def _choose_folder() -> str | None:
    """Return where the socket's folder goes, None for the usual place: a socket's path has 100 characters at most."""
    return "/tmp" if len(tempfile.gettempdir()) > _LONGEST_FOLDER else None  # noqa: S108  the folder in it is private
