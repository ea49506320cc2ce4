"""The asynchronous client's connections: signed requests go out by httpx, and its errors become this library's."""

import asyncio
import os
import ssl

import httpx

from ._error_rules import Target
from ._options import ClientOptions
from ._signing import SignedRequest, error_for_response
from .errors import ConnectFailedError, ConnectionLostError, InferenceClientError, ReadTimeoutError

# The first row that matches decides.
_HTTPX_ERRORS: tuple[tuple[tuple[type[Exception], ...], type[InferenceClientError], str], ...] = (
    (
        (httpx.PoolTimeout,),
        ConnectFailedError,
        "All max_connections are in use; close streams that are no longer read, or raise it",
    ),
    (
        (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol),
        ConnectFailedError,
        "Check the network, and AWS_ENDPOINT_URL if it is set",
    ),
    (
        (httpx.ReadTimeout,),
        ReadTimeoutError,
        "It was not sent again: the model may still be generating. Raise read_timeout_s",
    ),
    (
        (httpx.HTTPError,),
        ConnectionLostError,
        "Try again if a second computation of the same answer does no harm",
    ),
)


# httpcore counts all connections again for each idle one, whenever a request begins or ends: with hundreds kept open,
# 200 streams at once cost 9 s of CPU instead of 1.
_KEPT_OPEN = 20


class Connections:
    """A pool of connections, opened on first use."""

    def __init__(self, options: ClientOptions) -> None:
        self._options = options
        self._http: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()

    async def send(self, signed: SignedRequest, target: Target) -> httpx.Response:
        """Send the request; the response's body is yet to be read, and the caller closes it.

        Raises:
            InferenceClientError: no connection, no answer, or a refusal.
        """
        http = await self._client()
        # httpx would offer compression, and the stream is read undecoded.
        headers = {**signed.headers, "Accept-Encoding": "identity"}
        try:
            request = http.build_request(signed.method, signed.url, headers=headers, content=signed.body)
            response = await http.send(request, stream=True)
            if response.status_code < 300:
                return response
            body = await response.aread()
        except httpx.HTTPError as error:
            kind, advice = next((kind, advice) for types, kind, advice in _HTTPX_ERRORS if isinstance(error, types))
            raise kind(f"{target}: {error or type(error).__name__} ({signed.url}). {advice}.") from error
        raise error_for_response(response.status_code, response.headers, body, target)

    async def aclose(self) -> None:
        """Close all connections; they are opened anew when used again."""
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def _client(self) -> httpx.AsyncClient:
        async with self._opening:
            if self._http is None:
                # In a thread: the certificates are read from disk.
                self._http = httpx.AsyncClient(
                    verify=await asyncio.to_thread(_trusted_certificates),
                    limits=httpx.Limits(
                        max_connections=self._options.max_connections, max_keepalive_connections=_KEPT_OPEN
                    ),
                    timeout=httpx.Timeout(
                        connect=self._options.connect_timeout_s,
                        read=self._options.read_timeout_s,
                        write=self._options.read_timeout_s,
                        pool=self._options.connect_timeout_s,
                    ),
                )
            return self._http


def _trusted_certificates() -> ssl.SSLContext:
    bundle = os.environ.get("AWS_CA_BUNDLE")
    return ssl.create_default_context(cafile=bundle) if bundle else httpx.create_ssl_context()
