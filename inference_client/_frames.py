"""AWS event streams as SageMaker's runtime sends them: bytes in, the model's bytes out, without I/O.

botocore's own ``EventStream`` drops the ``ErrorCode`` of a ModelStreamError, and it reads a socket; so its frame parser
is used here directly, for the blocking and the asynchronous client alike.
"""

import json
from collections.abc import Iterator
from typing import Any, cast

from botocore.eventstream import EventStreamBuffer, ParserError

from ._failure import Failure, FailureReportedError


class FrameDecoder:
    """Decodes one response stream."""

    def __init__(self) -> None:
        self._buffer = EventStreamBuffer()

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the payload parts that ``chunk`` completes. They align with nothing in the model's own format.

        Raises:
            FailureReportedError: SageMaker reports a failure inside the stream, or the frames are damaged.
        """
        self._buffer.add_data(chunk)
        while True:
            try:
                message = next(self._buffer)
            except StopIteration:
                return
            except ParserError as error:
                raise FailureReportedError(Failure(code="DamagedFrames", message=str(error))) from error
            headers: dict[str, Any] = cast("dict[str, Any]", message.headers)  # botocore-stubs call it an int
            if headers.get(":message-type") != "event":
                raise FailureReportedError(_failure(headers, message.payload))
            if headers.get(":event-type") == "PayloadPart":
                yield message.payload


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
