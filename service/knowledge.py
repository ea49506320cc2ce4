"""The knowledge: the passages' store with the encoders that it is read and written with, by the service's settings.

The service holds one open for its life, a command for its run.
"""

import os
from contextlib import ExitStack
from pathlib import Path

from rag.adapters.lance_store import LanceStore
from rag.adapters.storage_options import storage_options
from rag.ingest import Ingestor
from rag.retrieval import Retriever
from service.encoders import load_embedder, load_reranker
from service.settings import Settings


class Knowledge:
    """An open store, what finds passages in it, and what puts documents there.

    Attributes:
        store: the passages.
        retriever: finds them.
        ingestor: changes them.
    """

    def __init__(self, settings: Settings) -> None:
        """Load the encoders and open the store, which takes a second or two.

        Raises:
            ModelFileError: the embedder's or the reranker's files are not there.
        """
        with ExitStack() as opened:
            embedder = load_embedder(settings)
            opened.callback(embedder.close)
            reranker = load_reranker(settings)
            if reranker is not None:
                opened.callback(reranker.close)
            self.store = LanceStore(
                settings.store, embedder=embedder.identity, storage_options=_open_place(settings.store)
            )
            opened.callback(self.store.close)
            self._opened = opened.pop_all()
        self.retriever = Retriever(store=self.store, embedder=embedder, reranker=reranker)
        self.ingestor = Ingestor(store=self.store, embedder=embedder)

    def close(self) -> None:
        """Close the store and the encoders."""
        self._opened.close()


def _open_place(store: str) -> dict[str, str]:
    """Return how an object store is reached: by the variables that AWS's own SDKs read. A folder is made."""
    if "://" in store:
        return storage_options(os.environ)
    Path(store).parent.mkdir(parents=True, exist_ok=True)
    return {}
