"""Everything that a client can be told of, and how it looks: vLLM's error body.

```
ApiError                     the root: {"error": {"message", "type", "param", "code"}}
├── BadRequestError          400: the request has to change
├── InvalidBodyError         400: the body is not of its form
├── InvalidUserInputError    400: an adapter that cannot be named so
├── NotFoundError            404: no such model or adapter
├── NotServedError           501: a part of vLLM that there is not here
└── InternalServerError      500: the engine failed; may be sent again
```

Statuses and types are vLLM's (vllm/entrypoints/serve/utils/error_response.py). What does not let the server start, and
what llama.cpp says, is the tree of local/llama/errors.py; in_vllm_words() is the way from there to here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from local.llama.errors import EngineError, GrammarError, TemplateError


class ApiError(Exception):
    """A request that gets an error instead of an answer.

    Attributes:
        status: the HTTP status; inside a stream it travels in the event, under HTTP 200.
        error_type: vLLM's name of the kind of error.
        param: the parameter that is wrong, where it is one.
    """

    status: ClassVar[int] = 500
    error_type: ClassVar[str] = "InternalServerError"

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param

    def describe(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return describe_error(str(self), kind=self.error_type, status=self.status, param=self.param)


class BadRequestError(ApiError):
    """A parameter out of range, or a prompt that is too long."""

    status, error_type = 400, "BadRequestError"


class InvalidBodyError(ApiError):
    """A body that is no JSON, or of another form."""

    status, error_type = 400, "Bad Request"


class InvalidUserInputError(ApiError):
    """An adapter without a name, or of a name that is taken."""

    status, error_type = 400, "InvalidUserInput"


class NotFoundError(ApiError):
    """A model or an adapter that is not there."""

    status, error_type = 404, "NotFoundError"


class NotServedError(ApiError):
    """What vLLM does and this server does not."""

    status, error_type = 501, "NotImplementedError"


class InternalServerError(ApiError):
    """The engine failed, or did not take an adapter."""


def describe_error(message: str, *, kind: str, status: int, param: str | None = None) -> dict[str, Any]:
    """Return the body of an error."""
    return {"error": {"message": message, "type": kind, "param": param, "code": status}}


@contextmanager
def in_vllm_words() -> Iterator[None]:
    """Turn what the model's engine raises into what a client is told.

    Raises:
        ApiError: in the place of an error of local.llama.
    """
    try:
        yield
    except EngineError as error:
        raise InternalServerError(str(error)) from error
    except TemplateError as error:
        raise BadRequestError(str(error)) from error
    except GrammarError as error:
        raise BadRequestError(
            f"Failed to compile the structured output: {error}", param="structured_outputs"
        ) from error
