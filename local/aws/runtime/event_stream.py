"""The frames of a response stream: AWS's event stream encoding.

https://smithy.io/2.0/aws/amazon-eventstream.html
"""

import json

from moto.core.eventstream import EventStreamEncoder

_PART_HEADERS = {
    ":message-type": "event",
    ":event-type": "PayloadPart",
    ":content-type": "application/octet-stream",
}

MODEL_TOO_SLOW = "ModelInvocationTimeExceeded"
STREAM_BROKEN = "StreamBroken"


def payload_part(data: bytes) -> bytes:
    """A part of the container's answer."""
    return EventStreamEncoder().encode_message(_PART_HEADERS, data)


def model_stream_error(error_code: str, message: str) -> bytes:
    """The container was too slow, or broke the stream off."""
    return _exception("ModelStreamError", {"Message": message, "ErrorCode": error_code})


def internal_stream_failure(message: str) -> bytes:
    """The local AWS itself failed in the middle of a stream."""
    return _exception("InternalStreamFailure", {"Message": message})


def _exception(name: str, fields: dict[str, str]) -> bytes:
    headers = {":message-type": "exception", ":exception-type": name, ":content-type": "application/json"}
    return EventStreamEncoder().encode_message(headers, json.dumps(fields).encode())
