"""A stream of tokens, for asynchronous callers."""

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

import aiohttp

from ._answer import Generation, TokenEvent
from ._reading import AnswerReader
from ._stream import AnswerStream


class AsyncTokenStream(AnswerStream, AsyncIterator[TokenEvent]):
    """An answer while it is generated: iterate over its token events, once.

    Use it with ``async with``: leaving the block, by cancellation too, closes the connection at once, and the engine
    stops generating. Its attributes and errors are those of :class:`inference_client.TokenStream`.
    """

    def __init__(self, response: aiohttp.ClientResponse, reader: AnswerReader) -> None:
        super().__init__(reader)
        self._response = response
        self._events = self._read()
        self._first: TokenEvent | None = None

    async def await_first(self) -> None:
        """Wait for the first token and keep it for the iteration, so that a refusal by the engine is raised here."""
        self._first = await anext(self._events, None)

    async def read(self) -> Generation:
        """Read to the end and give the whole answer."""
        async for _ in self:
            pass
        return self.generation

    async def __anext__(self) -> TokenEvent:
        if self._is_closed:
            raise StopAsyncIteration
        if self._first is not None:
            first, self._first = self._first, None
            return first
        return await anext(self._events)

    async def _read(self) -> AsyncIterator[TokenEvent]:
        try:
            async for chunk in self._response.content.iter_any():
                for event in self._reader.feed(chunk):
                    yield event
        except aiohttp.ClientError as error:
            for event in self._reader.feed(_received(self._response.content)):
                yield event
            if not self._may_end:
                silent = isinstance(error, aiohttp.SocketTimeoutError)
                reader = self._reader
                raise (reader.silent() if silent else reader.broken(error or type(error).__name__)) from error
        finally:
            self._response.close()
        if not self._is_closed:
            self._reader.finish()

    def close(self) -> None:
        """Close the connection now: the engine notices and stops, and who iterates comes to the end.

        It waits for nothing, so that a timer may call it; calling it again does nothing.
        """
        self._is_closed = True
        self._response.close()

    async def aclose(self) -> None:
        """Close the connection now, as `close` does; for ``contextlib.aclosing``."""
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _received(content: aiohttp.StreamReader) -> bytes:
    # What came before a connection broke and was not read yet. aiohttp keeps it, but raises the connection's error at
    # each read; with the error taken away it gives what it has.
    content.set_exception(None)  # type: ignore[arg-type]  # the one way back that it has
    return content.read_nowait()
