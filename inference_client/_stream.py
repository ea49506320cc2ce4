"""A stream of tokens, for blocking callers."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from urllib3 import exceptions as urllib3_errors
from urllib3.response import HTTPResponse

from ._answer import Generation, TokenEvent
from ._reading import AnswerReader
from .errors import ConfigurationError

RAW_STREAM = "RawStream"
"""Where an InvokeEndpointWithResponseStream response keeps its undecoded stream, beside botocore's own ``Body``."""


def keep_raw_stream(response_dict: Mapping[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    """For botocore's ``before-parse`` event: keep the stream itself; botocore's reader of it loses error codes."""
    if response_dict["status_code"] < 300:
        customized_response_dict[RAW_STREAM] = response_dict["body"]


class AnswerStream:
    """What the blocking and the asynchronous stream have in common: what can be asked of it without I/O."""

    def __init__(self, reader: AnswerReader) -> None:
        self._reader = reader
        self._is_closed = False

    @property
    def request_id(self) -> str | None:
        """SageMaker's id of the request."""
        return self._reader.request_id

    @property
    def invoked_variant(self) -> str | None:
        """The production variant that answers."""
        return self._reader.invoked_variant

    @property
    def is_closed(self) -> bool:
        """Whether its caller closed it, and so lost what was not read yet; not so if it was read to its end."""
        return self._is_closed

    @property
    def text(self) -> str:
        """The answer so far."""
        return self._reader.text

    @property
    def generation(self) -> Generation:
        """The whole answer, with what it cost.

        Raises:
            ConfigurationError: the stream has not been read to its end.
        """
        if not self._reader.is_whole:
            raise ConfigurationError("The stream has not been read to its end: iterate over it first, or take .text.")
        return self._reader.finish()

    @property
    def _may_end(self) -> bool:
        # After the final event nothing is lost any more, whatever happens to the connection.
        return self._is_closed or self._reader.is_whole


class TokenStream(AnswerStream, Iterator[TokenEvent]):
    """An answer while it is generated: iterate over its token events, once.

    Use it as a context manager: leaving the block closes the connection at once, and the engine stops generating. Read
    to its end, it gives the connection back by itself. One thread reads; any thread may close.

    The iteration raises an :class:`InferenceClientError` with the text so far when the answer breaks off or turns out
    to be an error; it ends quietly after ``close()``.
    """

    def __init__(self, response: HTTPResponse, reader: AnswerReader) -> None:
        super().__init__(reader)
        self._response = response
        self._events = self._read()
        self._first: TokenEvent | None = None

    def await_first(self) -> None:
        """Wait for the first token and keep it for the iteration, so that a refusal by the engine is raised here."""
        self._first = next(self._events, None)

    def read(self) -> Generation:
        """Read to the end and give the whole answer."""
        for _ in self:
            pass
        return self.generation

    def __next__(self) -> TokenEvent:
        if self._is_closed:
            raise StopIteration
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return next(self._events)

    def _read(self) -> Iterator[TokenEvent]:
        try:
            for chunk in self._response.stream():
                yield from self._reader.feed(chunk)
        except urllib3_errors.ReadTimeoutError as error:
            if not self._may_end:
                raise self._reader.silent() from error
        except (urllib3_errors.HTTPError, OSError, ValueError, AttributeError) as error:
            # The last two are what urllib3 raises when another thread closes the response under a read.
            if not self._may_end:
                raise self._reader.broken(error) from error
        finally:
            self._response.close()
        if not self._is_closed:
            self._reader.finish()

    def close(self) -> None:
        """Close the connection now. The engine notices and stops; calling it again does nothing."""
        self._is_closed = True
        with suppress(AttributeError, ValueError, RuntimeError, OSError):
            # Wakes a thread that waits in a read; without it, closing would wait for that thread's read timeout.
            self._response.shutdown()
        self._response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
