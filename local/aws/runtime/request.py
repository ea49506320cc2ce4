"""Reads a request to the runtime off the ASGI wire."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Receive, Scope

from local.aws.runtime.disconnect import ClientGoneError
from local.aws.runtime.errors import PayloadTooLarge


@dataclass(frozen=True, kw_only=True)
class InvocationRequest:
    """What a caller sent.

    Attributes:
        endpoint: the endpoint's name.
        headers: names in lower case.
        body: whole.
    """

    endpoint: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def component(self) -> str | None:
        """The name of the component that the request is for."""
        return self.headers.get("x-amzn-sagemaker-inference-component")


async def read_request(scope: Scope, receive: Receive, *, max_body_bytes: int) -> InvocationRequest:
    """Read a request.

    Raises:
        PayloadTooLarge: as soon as it is known.
        ClientGoneError: the client left while it was sending.
    """
    headers = dict(Headers(scope=scope))
    if int(headers.get("content-length", "0")) > max_body_bytes:
        raise PayloadTooLarge(max_body_bytes)
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        body += message.get("body", b"")
        if len(body) > max_body_bytes:
            raise PayloadTooLarge(max_body_bytes)
        more = message.get("more_body", False)
    return InvocationRequest(endpoint=scope["path_params"]["endpoint"], headers=headers, body=bytes(body))
