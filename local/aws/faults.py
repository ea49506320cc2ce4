"""An error that is nobody's answer: an action that is not there, or a fault of the local AWS, in each AWS protocol.

Clients do not send a request again after 501, so what is missing fails at once and by name.
"""

import json
import logging
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request, Response

from local.aws import internal_failure

_LOG = logging.getLogger(__name__)
_REST_XML = frozenset({"cloudfront", "route53", "s3", "s3control"})


def fault_response(request: Request, service: str, error: Exception) -> Response:
    """Answer a request whose handling raised an error; ``service`` is moto's name of the one that it was for."""
    if isinstance(error, NotImplementedError):
        detail = str(error) or "it has no such action"
        return _response(
            request, service, 501, "NotImplemented", f"The local AWS cannot do this in {service}: {detail}"
        )
    _LOG.error("%s %s failed in %s", request.method, request.path, service, exc_info=error)
    return _response(request, service, 500, "InternalFailure", f"{internal_failure.describe(error)} in {service}")


def _response(request: Request, service: str, status: int, code: str, message: str) -> Response:
    write = _writer(request, service)
    content_type, body = write(code, message)
    headers = {"Content-Type": content_type, "x-amzn-errortype": code}
    if content_type == "application/cbor":
        headers["smithy-protocol"] = "rpc-v2-cbor"
    return Response(body, status=status, headers=headers)


def _writer(request: Request, service: str) -> Callable[[str, str], tuple[str, bytes]]:
    if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
        return _cbor
    if "json" in (request.content_type or "") or "x-amz-target" in request.headers:
        return _json
    if service in _REST_XML:
        return lambda code, message: _xml(code, message, "<Error>{}</Error>")
    if service == "ec2":
        return lambda code, message: _xml(code, message, "<Response><Errors><Error>{}</Error></Errors></Response>")
    if (request.content_type or "").startswith("application/x-www-form-urlencoded") or "Action" in request.args:
        return lambda code, message: _xml(code, message, "<ErrorResponse><Error>{}</Error></ErrorResponse>")
    return _json


def _json(code: str, message: str) -> tuple[str, bytes]:
    return "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message}).encode()


def _xml(code: str, message: str, frame: str) -> tuple[str, bytes]:
    return "text/xml", frame.format(f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>").encode()


def _cbor(code: str, message: str) -> tuple[str, bytes]:
    fields: dict[str, Any] = {"__type": code, "message": message}
    items = b"".join(_cbor_text(text) for pair in fields.items() for text in pair)
    return "application/cbor", bytes([0xA0 | len(fields)]) + items


def _cbor_text(text: str) -> bytes:
    data = text.encode()
    return b"\x79" + len(data).to_bytes(2, "big") + data  # major type 3 (text), length in two bytes
