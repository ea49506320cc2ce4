"""Everything that can go wrong here, and how each error looks to a client.

```
TgiError                        the root
├── FramingError                an answer in plain text: the web framework's own refusals (framing.py)
├── DeserializeError            a JSON body of another form (fields.py); framing.py answers it
└── RequestError                an answer in JSON: {"error", "error_type"}
    ├── ValidationError         422 validation: the request has to change
    ├── TemplateError           422 template_error: the chat template refused the messages
    ├── ToolError               422 tool_error
    ├── GenerationError         424 generation: the engine failed; may be sent again
    ├── OverloadedError         429 overloaded; may be sent again
    ├── IncompleteGenerationError         500 incomplete_generation
    ├── IncompleteGenerationStreamError   500 incomplete_generation_stream
    ├── UnhealthyError          503 healthcheck
    ├── SuffixError             422 "suffix not supported" (completions)
    └── BatchSizeError          422 "batch size exceeded" (completions)
```

What does not let the server start, and what llama.cpp says, has its own tree (local/llama/errors.py); in_tgi_words() is
the way from there to here. Statuses, types and texts are TGI's (router/src/infer/mod.rs and server.rs, v3.3).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from local.llama.errors import EngineError, GrammarError
from local.llama.errors import TemplateError as LlamaTemplateError


class TgiError(Exception):
    """Anything that this package raises on purpose."""


class RequestError(TgiError):
    """A request that gets an error instead of an answer.

    Attributes:
        status: the HTTP status; inside a stream it travels in the event, under HTTP 200.
        error_type: TGI's name of the kind of error.
        failure: the value of `err` in the counter tgi_request_failure, None when TGI does not count it.
        retryable: whether the same request can succeed later.
    """

    status: ClassVar[int] = 500
    error_type: ClassVar[str] = ""
    failure: ClassVar[str | None] = None
    retryable: ClassVar[bool] = False
    prefix: ClassVar[str] = ""

    def __init__(self, message: str = "") -> None:
        super().__init__(f"{self.prefix}{message}")

    def describe(self) -> dict[str, str]:
        """Return the body of the answer: `error` and `error_type`."""
        return {"error": str(self), "error_type": self.error_type}


class ValidationError(RequestError):
    """A parameter out of range, or a prompt that is too long."""

    status, error_type, failure, prefix = 422, "validation", "validation", "Input validation error: "


class TemplateError(RequestError):
    """The model's chat template refused the messages."""

    status, error_type, failure, prefix = 422, "template_error", "template", "Template error: "


class ToolError(RequestError):
    """Tools that cannot be called."""

    status, error_type, failure, prefix = 422, "tool_error", "validation", "Tool error: "


class GenerationError(RequestError):
    """The engine failed while it generated."""

    status, error_type, failure, retryable = 424, "generation", "generation", True
    prefix = "Request failed during generation: Server error: "


class OverloadedError(RequestError):
    """As many requests as MAX_CONCURRENT_REQUESTS allows are already here."""

    status, error_type, failure, retryable = 429, "overloaded", "overloaded", True
    prefix = "Model is overloaded"


class IncompleteGenerationError(RequestError):
    """The engine stopped before it came to an end."""

    status, error_type, failure, retryable = 500, "incomplete_generation", "incomplete", True
    prefix = "Incomplete generation"


class IncompleteGenerationStreamError(IncompleteGenerationError):
    """The same within a stream."""

    error_type = "incomplete_generation_stream"
    prefix = "Incomplete generation stream"


class UnhealthyError(RequestError):
    """The engine does not answer."""

    status, error_type, retryable, prefix = 503, "healthcheck", True, "unhealthy"


class SuffixError(RequestError):
    """A completion with a suffix."""

    status, error_type, failure = 422, "suffix not supported", "validation"
    prefix = "Suffix is not supported and can be achieved by preprocessing the prompt."


class BatchSizeError(RequestError):
    """More prompts in one completion than MAX_CLIENT_BATCH_SIZE."""

    status, error_type, failure = 422, "batch size exceeded", "validation"
    prefix = "Number of prompts exceeds the maximum allowed batch size of "


@contextmanager
def in_tgi_words() -> Iterator[None]:
    """Turn what the model's engine raises into what a client is told.

    Raises:
        RequestError: in the place of an error of local.llama.
    """
    try:
        yield
    except EngineError as error:
        raise GenerationError(str(error)) from error
    except LlamaTemplateError as error:
        raise TemplateError(str(error)) from error
    except GrammarError as error:
        raise ValidationError(f"grammar is not valid: {error}") from error
