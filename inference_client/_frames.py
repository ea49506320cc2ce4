"""AWS event streams as SageMaker's runtime sends them: bytes in, the model's bytes out, without I/O.

botocore's own ``EventStream`` drops the ``ErrorCode`` of a ModelStreamError, and it reads a socket. So frames are cut
out here, for the blocking and the asynchronous client alike, and botocore's frame parser reads what is new in them: the
headers of a payload part, which are the same in each, are parsed once in a stream. The parser would take longer for
each token than all else that is done to it.

https://smithy.io/2.0/aws/amazon-eventstream.html
"""

import json
import struct
from binascii import crc32
from collections.abc import Iterator
from typing import Any, cast

from botocore.eventstream import EventStreamBuffer, ParserError

from ._failure import Failure, FailureReportedError

# The length of the frame, the length of its headers, and the checksum of both; the checksum of all ends the frame.
_PRELUDE = struct.Struct("!III")
_CHECKSUM_BYTES = 4


class FrameDecoder:
    """Decodes one response stream."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._parsed: dict[bytes, dict[str, Any]] = {}

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the payload parts that ``chunk`` completes. They align with nothing in the model's own format.

        Raises:
            FailureReportedError: SageMaker reports a failure inside the stream, or the frames are damaged.
        """
        self._held += chunk
        while len(self._held) >= _PRELUDE.size:
            length, headers_length, _ = _PRELUDE.unpack_from(self._held)
            if length < _PRELUDE.size + headers_length + _CHECKSUM_BYTES:
                raise _damaged(f"a frame of {length} bytes with {headers_length} bytes of headers")
            if length > len(self._held):
                # The rest is worth waiting for only if the lengths are right.
                _parse(self._held[: _PRELUDE.size])
                return
            frame = bytes(self._held[:length])
            headers = self._headers(frame, frame[_PRELUDE.size : _PRELUDE.size + headers_length])
            del self._held[:length]
            payload = frame[_PRELUDE.size + headers_length : -_CHECKSUM_BYTES]
            if headers.get(":message-type") != "event":
                raise FailureReportedError(_failure(headers, payload))
            if headers.get(":event-type") == "PayloadPart":
                yield payload

    def _headers(self, frame: bytes, encoded: bytes) -> dict[str, Any]:
        is_whole = crc32(frame[:-_CHECKSUM_BYTES]) == int.from_bytes(frame[-_CHECKSUM_BYTES:], "big")
        if not is_whole or encoded not in self._parsed:
            self._parsed[encoded] = _parse(frame)
        return self._parsed[encoded]


def _parse(data: bytes | bytearray) -> dict[str, Any]:
    """Return the headers of a frame; none of one that is not complete."""
    buffer = EventStreamBuffer()
    buffer.add_data(bytes(data))
    try:
        for message in buffer:
            return cast("dict[str, Any]", message.headers)  # botocore-stubs call it an int
    except ParserError as error:
        raise _damaged(str(error)) from error
    return {}


def _damaged(how: str) -> FailureReportedError:
    return FailureReportedError(Failure(code="DamagedFrames", message=how))


def _failure(headers: dict[str, Any], payload: bytes) -> Failure:
    try:
        body = json.loads(payload or b"{}")
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    name = str(headers.get(":exception-type") or headers.get(":error-code") or "InternalStreamFailure")
    text = body.get("Message") or body.get("message") or headers.get(":error-message") or ""
    return Failure(code=name, reason=str(body.get("ErrorCode") or ""), message=str(text))
