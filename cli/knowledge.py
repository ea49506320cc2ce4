"""The knowledge that `twin ingest` fills and `twin search` and `twin ask --sources` read, opened in this process.

It is the service's own: the same settings (TWIN_SERVICE_*), the same store and embedder. Loading them takes a second or
two, so the commands import this module when they run.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from rag.adapters.lance_store import LanceStore
from rag.adapters.onnx_embedder import OnnxEmbedder
from rag.adapters.storage_options import storage_options
from rag.ingest import Ingestor
from rag.retrieval import Retriever
from service.encoders import load_embedder, load_reranker
from service.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """An open store and what it is read and written with."""

    settings: Settings
    embedder: OnnxEmbedder
    store: LanceStore
    retriever: Retriever
    ingestor: Ingestor


@contextmanager
def open_knowledge(settings: Settings) -> Iterator[Knowledge]:
    """Open the store with its embedder, and close both at the end.

    Raises:
        ModelFileError: the embedder's or the reranker's files are not there.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("error"))
    # ONNX Runtime would send usage statistics home; it looks once, when it is loaded.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    with ExitStack() as stack:
        embedder = load_embedder(settings)
        stack.callback(embedder.close)
        reranker = load_reranker(settings)
        if reranker is not None:
            stack.callback(reranker.close)
        if "://" not in settings.store:
            Path(settings.store).parent.mkdir(parents=True, exist_ok=True)
        options = storage_options(os.environ) if "://" in settings.store else {}
        store = LanceStore(settings.store, embedder=embedder.identity, storage_options=options)
        stack.callback(store.close)
        yield Knowledge(
            settings=settings,
            embedder=embedder,
            store=store,
            retriever=Retriever(store=store, embedder=embedder, reranker=reranker),
            ingestor=Ingestor(store=store, embedder=embedder),
        )
