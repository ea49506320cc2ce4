"""What can go wrong between a document and an answer.

```
RagError                         the root: problem, remedy, retryable
├── InvalidQuestionError         empty, too long, or larger than the model's window
├── InvalidFilterError           a filter that cannot mean anything
├── DocumentError                one document cannot be taken in; the others can
│   ├── UnreadableDocumentError      broken, encrypted, or not what its name says
│   ├── UnsupportedDocumentError     binary, or a format that nothing here converts
│   └── DocumentTooLargeError        over the size limit
├── StoreError
│   ├── StoreMissingError            nothing was ever ingested there
│   ├── StoreCorruptError            its files contradict each other or are gone
│   ├── StoreUnavailableError        the object store does not answer (retryable)
│   ├── StoreLockedError             another writer is at work (retryable)
│   └── EmbedderChangedError         its vectors come from another embedder
├── ModelFileError               a model file is absent or is not the one that was checked
└── GenerationError              the language model gave no whole answer; carries the partial text
    ├── GeneratorUnavailableError    it could not be reached, or has no capacity now (retryable)
    ├── GeneratorTimeoutError        it took too long (retryable)
    ├── PromptTooLongError           it counted more tokens than it takes
    └── StreamBrokenError            it failed in mid-stream (retryable)
```

An adapter of the language model raises the last four; everything else is raised here.
"""

from typing import ClassVar


class RagError(Exception):
    """Something that a caller can tell a person about.

    Attributes:
        problem: what is wrong, with the value.
        remedy: what is allowed, or what to do.
        retryable: whether the same call may succeed later, unchanged.
    """

    retryable: ClassVar[bool] = False

    def __init__(self, problem: str, *, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}".strip())
        self.problem = problem
        self.remedy = remedy


class InvalidQuestionError(RagError):
    """The question is empty or too long."""


class InvalidFilterError(RagError):
    """A filter that cannot mean anything."""


class DocumentError(RagError):
    """One document cannot be taken in."""


class UnreadableDocumentError(DocumentError):
    """Broken, encrypted, or not what its name says."""


class UnsupportedDocumentError(DocumentError):
    """Binary, or a format that nothing here converts."""


class DocumentTooLargeError(DocumentError):
    """Over the size limit."""


class StoreError(RagError):
    """The store cannot do what was asked.

    Attributes:
        location: the folder or URI of the store.
    """

    def __init__(self, problem: str, *, remedy: str, location: str) -> None:
        super().__init__(problem, remedy=remedy)
        self.location = location


class StoreMissingError(StoreError):
    """Nothing was ever ingested there."""


class StoreCorruptError(StoreError):
    """Its files contradict each other or are gone."""


class StoreUnavailableError(StoreError):
    """The object store does not answer, or refuses."""

    retryable = True


class StoreLockedError(StoreError):
    """Another writer is at work.

    Attributes:
        holder: who, as far as it is known.
    """

    retryable = True

    def __init__(self, *, location: str, holder: str) -> None:
        super().__init__(
            f"the store {location!r} is being written by {holder}.",
            remedy="One writer at a time: wait until it is done, or stop it. Reading goes on meanwhile.",
            location=location,
        )
        self.holder = holder


class EmbedderChangedError(StoreError):
    """Its vectors come from another embedder, so no distance to them means anything.

    Attributes:
        stored: the identity that the store was built with.
        configured: the identity that is asked to read it.
    """

    def __init__(self, *, location: str, stored: str, configured: str) -> None:
        super().__init__(
            f"the store {location!r} was built with embedder {stored}, and this is {configured}.",
            remedy="Ingest again with a rebuild, or configure the embedder that it was built with.",
            location=location,
        )
        self.stored = stored
        self.configured = configured


class ModelFileError(RagError):
    """A model file is absent or is not the one that was checked."""


class GenerationError(RagError):
    """The language model gave no whole answer.

    Attributes:
        partial_text: what had arrived before it failed.
    """

    def __init__(self, problem: str, *, remedy: str = "", partial_text: str = "") -> None:
        super().__init__(problem, remedy=remedy)
        self.partial_text = partial_text


class GeneratorUnavailableError(GenerationError):
    """It could not be reached, or has no capacity now.

    Attributes:
        retry_after_s: when to try again, where that is known.
    """

    retryable = True

    def __init__(
        self, problem: str, *, remedy: str = "", partial_text: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(problem, remedy=remedy, partial_text=partial_text)
        self.retry_after_s = retry_after_s


class GeneratorTimeoutError(GenerationError):
    """It took too long."""

    retryable = True


class PromptTooLongError(GenerationError):
    """It counted more tokens than it takes.

    Attributes:
        given_tokens: how many it counted, where it said so.
        max_tokens: how many it takes, where it said so.
    """

    def __init__(
        self, problem: str, *, remedy: str = "", given_tokens: int | None = None, max_tokens: int | None = None
    ) -> None:
        super().__init__(problem, remedy=remedy)
        self.given_tokens = given_tokens
        self.max_tokens = max_tokens


class StreamBrokenError(GenerationError):
    """It failed in mid-stream."""

    retryable = True
