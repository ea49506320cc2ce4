"""Writes an answer of the runtime onto the ASGI wire."""

import uuid
from collections.abc import Mapping

from starlette.types import Send


class Reply:
    """The answer to one request.

    Args:
        send: of the ASGI request.

    Attributes:
        begun: whether its status is out, so that it can no longer become an error.
    """

    def __init__(self, send: Send) -> None:
        self.begun = False
        self._send = send
        self._request_id = str(uuid.uuid4())

    async def whole(self, *, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Answer at once."""
        await self.begin(status=status, headers={**headers, "content-length": str(len(body))})
        await self._send({"type": "http.response.body", "body": body})

    async def begin(self, *, status: int, headers: Mapping[str, str]) -> None:
        """Send the status and the headers."""
        self.begun = True
        told = {**headers, "x-amzn-requestid": self._request_id}
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in told.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def part(self, data: bytes) -> None:
        """Send a part of the body."""
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        """End the body."""
        await self._send({"type": "http.response.body", "body": b""})
