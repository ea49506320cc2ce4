"""The embedder and the reranker that the settings name. Loading one takes seconds of CPU: callers use a thread."""

from pathlib import Path

from rag.adapters.model_files import ModelFiles, checked, packaged_minilm
from rag.adapters.onnx_embedder import OnnxEmbedder, Pooling
from rag.adapters.onnx_reranker import OnnxReranker
from service.settings import Settings


def load_embedder(settings: Settings) -> OnnxEmbedder:
    """Load the embedder.

    Raises:
        ModelFileError: its files are absent, or are not the ones that were checked.
    """
    if settings.embedder_weights and settings.embedder_tokenizer:
        files = _files(settings.embedder_weights, settings.embedder_tokenizer)
    else:
        files = packaged_minilm()
    return OnnxEmbedder(
        files,
        max_tokens=settings.embedder_max_tokens,
        pooling=Pooling(settings.embedder_pooling),
        query_prefix=settings.embedder_query_prefix,
        passage_prefix=settings.embedder_passage_prefix,
    )


def load_reranker(settings: Settings) -> OnnxReranker | None:
    """Load the reranker; None where none is configured.

    Raises:
        ModelFileError: its files are absent, or are no cross-encoder's.
    """
    if settings.reranker_weights and settings.reranker_tokenizer:
        return OnnxReranker(_files(settings.reranker_weights, settings.reranker_tokenizer))
    return None


def _files(weights: Path, tokenizer: Path) -> ModelFiles:
    # A model's files lie in a folder with its name; the weights' own name is model.onnx everywhere.
    return checked(name=weights.absolute().parent.name, weights=weights, tokenizer=tokenizer)
