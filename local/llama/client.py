"""HTTP to llama.cpp's server in this process, over a Unix socket that only this user can open.

The library has callbacks for generation, but tokenizing and chat templates exist only as its HTTP routes, and closing a
connection is the one way to stop a generation at any moment. One connection a request: they cost nothing here.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

import httptools

from local.llama.errors import AnswerError

_CHUNK_BYTES: Final = 65536


class LlamaClient:
    """Sends requests to one server."""

    def __init__(self, socket_path: Path) -> None:
        self._socket_path = socket_path
        self._outstanding = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def idle(self) -> None:
        """Wait until none of its requests is under way."""
        await self._idle.wait()

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the decoded JSON answer.

        Raises:
            AnswerError: the status is not 200, or the connection broke.
        """
        async with aclosing(self._exchange(method, path, body)) as parts:
            return json.loads(b"".join([part async for part in parts]))

    async def stream(self, path: str, body: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any]]:
        """Give the events of a stream as they come. Closing the iterator closes the connection, which stops the work.

        Raises:
            AnswerError: the status is not 200, an event reports an error, or the connection broke.
        """
        pending = b""
        async with aclosing(self._exchange("POST", path, body)) as parts:
            async for part in parts:
                *lines, pending = (pending + part).split(b"\n")
                for line in lines:
                    if line.startswith((b"data: {", b"error: {")):
                        yield _read_event(line.partition(b": ")[2])

    async def _exchange(self, method: str, path: str, body: Mapping[str, Any] | None) -> AsyncGenerator[bytes]:
        self._outstanding += 1
        self._idle.clear()
        try:
            async with aclosing(self._converse(method, path, body)) as parts:
                async for part in parts:
                    yield part
        finally:
            self._outstanding -= 1
            if not self._outstanding:
                self._idle.set()

    async def _converse(self, method: str, path: str, body: Mapping[str, Any] | None) -> AsyncGenerator[bytes]:
        try:
            reader, writer = await asyncio.open_unix_connection(str(self._socket_path))
        except OSError as error:
            raise AnswerError(503, f"it does not listen: {error.strerror}") from error
        try:
            writer.write(_encode_request(method, path, body))
            answer = _Answer()
            parser = httptools.HttpResponseParser(answer)
            refusal = b""
            while not answer.complete:
                data = await reader.read(_CHUNK_BYTES)
                if not data:
                    raise AnswerError(502, "the connection closed before the end of the answer")
                parser.feed_data(data)
                if parser.get_status_code() == 200:
                    for part in answer.take():
                        yield part
                else:
                    refusal += b"".join(answer.take())
            if parser.get_status_code() != 200:
                raise AnswerError(parser.get_status_code(), _read_message(refusal))
        except OSError as error:
            raise AnswerError(502, f"the connection broke: {error}") from error
        finally:
            writer.transport.abort()


class _Answer:
    """Collects what the HTTP parser finds."""

    def __init__(self) -> None:
        self.complete = False
        self._parts: list[bytes] = []

    def on_body(self, data: bytes) -> None:
        self._parts.append(data)

    def on_message_complete(self) -> None:
        self.complete = True

    def take(self) -> list[bytes]:
        parts, self._parts = self._parts, []
        return parts


def _encode_request(method: str, path: str, body: Mapping[str, Any] | None) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: llama\r\nConnection: close\r\nContent-Length: {len(content)}\r\n"
    return f"{head}Content-Type: application/json\r\n\r\n".encode() + content


def _read_event(text: bytes) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(text)
    if "error" in event or "code" in event:
        error = event.get("error", event)
        raise AnswerError(int(error.get("code", 500)), str(error.get("message", "")))
    return event


def _read_message(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return answer.decode(errors="replace")
