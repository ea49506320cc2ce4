"""The loaded model, as a whole: the server that runs, and another in its place when the adapters change.

llama.cpp takes adapters only when it loads a model. So where one is added, a second server is loaded beside the first,
new requests go to it, and the first ends with its last request. The weights are mapped from the same file: for that
moment the second costs its KV cache and a second of time.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.llama.client import LlamaClient
from local.llama.errors import EngineError
from local.llama.server import LlamaServer


@dataclass(frozen=True, kw_only=True)
class Load:
    """What a server is loaded with.

    Attributes:
        model_file: the GGUF file.
        context_tokens: tokens that the KV cache holds, of all requests together.
        max_batch_size: requests that generate at once.
        threads: that compute.
    """

    model_file: Path
    context_tokens: int
    max_batch_size: int
    threads: int


class LoadedModel:
    """A model that answers, with the adapters that it has now."""

    def __init__(self, load: Load) -> None:
        """Load it without adapters; this blocks, for about a second with a small model.

        Raises:
            StartupError: llama.cpp does not load the file.
        """
        self._load = load
        self._changing = asyncio.Lock()
        self._ending: set[asyncio.Task[None]] = set()
        self._adapters: tuple[Path, ...] = ()
        self._server = self._start(())
        self._client = LlamaClient(self._server.socket_path)
        self._closing: list[LlamaServer] = []

    @property
    def client(self) -> LlamaClient:
        """What speaks to the server of now; a request stays with the one that it began with."""
        return self._client

    def place(self, adapter: Path) -> int:
        """Return the number by which the server of now knows an adapter.

        Raises:
            EngineError: it has none of that file.
        """
        try:
            return self._adapters.index(adapter)
        except ValueError:
            raise EngineError(f"the adapter {adapter.stem} is not loaded") from None

    async def have(self, adapters: Sequence[Path]) -> None:
        """See to it that these adapters are loaded. Others are let go of with the next change.

        Args:
            adapters: GGUF files.

        Raises:
            StartupError: llama.cpp does not load one of them; what was there stays.
        """
        async with self._changing:
            if set(adapters) <= set(self._adapters):
                return
            wanted = tuple(dict.fromkeys(adapters))
            server = await asyncio.to_thread(self._start, wanted)
            before, client = self._server, self._client
            self._server, self._client, self._adapters = server, LlamaClient(server.socket_path), wanted
            self._closing.append(before)
            task = asyncio.ensure_future(self._end(before, client))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def close(self) -> None:
        """Stop computing and free everything."""
        for server in (*self._closing, self._server):
            server.close()

    async def _end(self, server: LlamaServer, client: LlamaClient) -> None:
        await client.idle()
        self._closing.remove(server)
        await asyncio.to_thread(server.close)

    def _start(self, adapters: Sequence[Path]) -> LlamaServer:
        load = self._load
        return LlamaServer(
            model_file=load.model_file,
            context_tokens=load.context_tokens,
            max_batch_size=load.max_batch_size,
            threads=load.threads,
            adapters=adapters,
        )
