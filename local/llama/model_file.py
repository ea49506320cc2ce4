"""A model's file, as far as its head says what it holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from local.llama.errors import StartupError
from local.llama.gguf import Value, read_metadata, read_shapes
from local.llama.vocabulary import Vocabulary


@dataclass(frozen=True, kw_only=True)
class ModelFile:
    """What a model's file says of itself.

    Attributes:
        path: the GGUF file.
        metadata: every key and value of its head.
        vocabulary: the model's tokens.
        window_tokens: the longest text that it can take in.
    """

    path: Path
    metadata: Mapping[str, Value] = field(repr=False)
    vocabulary: Vocabulary = field(repr=False)
    window_tokens: int

    @classmethod
    def read(cls, path: Path) -> "ModelFile":
        """Read it.

        Raises:
            StartupError: it cannot be read, or holds no language model.
        """
        metadata = read_metadata(path)
        try:
            window_tokens = cast(int, metadata[f"{metadata['general.architecture']!s}.context_length"])
            vocabulary = Vocabulary.from_metadata(metadata)
        except KeyError as error:
            raise StartupError(f"model file {path} does not say {error}: it holds no language model") from error
        return cls(path=path, metadata=metadata, vocabulary=vocabulary, window_tokens=window_tokens)

    @property
    def has_chat_template(self) -> bool:
        """Whether it says how a conversation is written."""
        return "tokenizer.chat_template" in self.metadata

    def read_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every tensor, by its name; columns come before rows."""
        return read_shapes(self.path)
