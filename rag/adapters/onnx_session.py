"""An ONNX encoder on the CPU: token ids in, the model's first output out."""

import os
from collections.abc import Iterator, Sequence
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from rag.adapters.model_files import ModelFiles
from rag.errors import ModelFileError

# Texts are computed together up to this many tokens. More at once is slower on a CPU: the activations leave its cache.
_BATCH_TOKENS = 256


class OnnxSession:
    """One model, one thread per call; calls may come from several threads at once."""

    def __init__(self, files: ModelFiles, *, max_tokens: int) -> None:
        onnxruntime = _load_runtime()
        options = onnxruntime.SessionOptions()
        # One thread per call, several calls at once: no thread spins while another process needs the core.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(files.weights), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_file(str(files.tokenizer))
            self._truncating = Tokenizer.from_file(str(files.tokenizer))
        except Exception as error:  # neither library documents what a wrong file raises
            raise ModelFileError(
                f"the files of {files.name!r} cannot be loaded: {str(error)[:200]}.",
                remedy="An ONNX file and its own tokenizer.json are needed.",
            ) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._truncating.enable_truncation(max_tokens)
        self._truncating.no_padding()
        self._inputs = {node.name for node in self._session.get_inputs()}

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return each text's number of tokens, without the model's own marks."""
        return [len(e) for e in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def token_starts(self, text: str) -> list[int]:
        """Return the position in characters at which each token starts."""
        return [start for start, _ in self._tokenizer.encode(text, add_special_tokens=False).offsets]

    def encode(self, texts: Sequence[str] | Sequence[tuple[str, str]]) -> list[Encoding]:
        """Return texts, or pairs of texts, as the model reads them, cut to its window."""
        return self._truncating.encode_batch_fast(list(texts))

    def run(
        self, encodings: Sequence[Encoding]
    ) -> Iterator[tuple[list[int], NDArray[np.float32], NDArray[np.float32]]]:
        """Compute batch by batch, texts of like length together.

        Yields:
            The places of the batch's texts, the attention mask (texts, tokens), and the model's first output.
        """
        for places in _batches([len(e) for e in encodings]):
            width = max(len(encodings[p]) for p in places)
            ids, mask, types = (np.zeros((len(places), width), np.int64) for _ in range(3))
            for row, place in enumerate(places):
                encoding = encodings[place]
                ids[row, : len(encoding)] = encoding.ids
                types[row, : len(encoding)] = encoding.type_ids
                mask[row, : len(encoding)] = 1
            given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
            output = self._session.run(None, {name: value for name, value in given.items() if name in self._inputs})[0]
            yield places, mask.astype(np.float32), np.asarray(output, dtype=np.float32)


def _load_runtime() -> ModuleType:
    # It would send usage statistics home; it looks for this variable once, when it is loaded.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime  # noqa: PLC0415

    return onnxruntime  # type: ignore[no-any-return]


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Group places by length so that a batch, padded to its longest text, stays within its tokens."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda p: lengths[p]):
        if batch and lengths[place] * (len(batch) + 1) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch
