"""What TGI's web framework (axum) refuses before TGI sees a request: plain text, not JSON."""

import json
from collections.abc import Callable
from typing import Any, Final, TypeVar

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from local.tgi.errors import TgiError
from local.tgi.fields import DeserializeError

T = TypeVar("T")

_JSON_TYPE: Final = "application/json"


class FramingError(TgiError):
    """A request that is not read.

    Attributes:
        status: 400 broken JSON, 413 too long, 415 not JSON, 422 JSON of another form.
        text: the body of the answer.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text

    def respond(self) -> Response:
        """Return the answer."""
        return PlainTextResponse(self.text, status_code=self.status)


async def read_body(request: Request, read: Callable[[Any], T], *, limit_bytes: int) -> T:
    """Return a request's body as a value.

    Args:
        request: not yet read.
        read: makes the value out of decoded JSON.
        limit_bytes: the longest body.

    Raises:
        FramingError: checked in this order: content type, length, JSON, form.
    """
    if not _is_json(request.headers):
        raise FramingError(415, f"Expected request with `Content-Type: {_JSON_TYPE}`")
    content = await _read_content(request, limit_bytes)
    try:
        body = _decode_json(content)
    except (ValueError, RecursionError) as error:
        raise FramingError(400, f"Failed to parse the request body as JSON: {error}") from error
    try:
        return read(body)
    except DeserializeError as error:
        text = f"Failed to deserialize the JSON body into the target type: {error}"
        raise FramingError(422, text) from error


def _is_json(headers: Headers) -> bool:
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == _JSON_TYPE or (kind.startswith("application/") and kind.endswith("+json"))


async def _read_content(request: Request, limit_bytes: int) -> bytes:
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > limit_bytes:
            raise FramingError(413, "Failed to buffer the request body: length limit exceeded")
    return bytes(content)


def _decode_json(content: bytes) -> Any:
    body = json.loads(content.decode(), parse_constant=_refuse_number, parse_float=_read_float)
    if b"\\u" in content:
        json.dumps(body, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    return body


def _read_float(text: str) -> float:
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        _refuse_number(text)
    return value


def _refuse_number(text: str) -> None:
    raise ValueError(f"number out of range: {text}")
