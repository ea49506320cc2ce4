"""The asynchronous client's connections: signed requests go out by aiohttp, and its errors become this library's."""

import asyncio
import os
import ssl
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from botocore.httpsession import get_cert_path
from yarl import URL

from ._error_rules import Target
from ._options import ClientOptions
from ._signing import SignedRequest, error_for_response
from .errors import ConnectFailedError, ConnectionLostError, InferenceClientError, ReadTimeoutError, TransportError

# The first row that matches decides.
_AIOHTTP_ERRORS: tuple[tuple[tuple[type[Exception], ...], type[InferenceClientError], str], ...] = (
    (
        (aiohttp.ConnectionTimeoutError,),
        ConnectFailedError,
        (
            "Check the network, and AWS_ENDPOINT_URL if it is set. If all max_connections are in use, close streams "
            "that are no longer read, or raise it"
        ),
    ),
    ((aiohttp.ClientSSLError,), TransportError, "Check the certificates (AWS_CA_BUNDLE) and the proxy"),
    (
        (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, aiohttp.InvalidURL),
        ConnectFailedError,
        "Check the network, and AWS_ENDPOINT_URL if it is set",
    ),
    (
        (aiohttp.SocketTimeoutError,),
        ReadTimeoutError,
        "It was not sent again: the model may still be generating. Raise read_timeout_s",
    ),
    (
        (aiohttp.ClientError,),
        ConnectionLostError,
        "Try again if a second computation of the same answer does no harm",
    ),
)
# botocore has made and signed the headers; aiohttp has nothing to add.
_NOT_ADDED = ("Accept", "Content-Type", "User-Agent")


class Connections:
    """A pool of connections to one endpoint, opened on first use."""

    def __init__(self, options: ClientOptions) -> None:
        self._options = options
        self._http: aiohttp.ClientSession | None = None
        self._opening = asyncio.Lock()

    async def send(self, signed: SignedRequest, target: Target) -> aiohttp.ClientResponse:
        """Send the request; the response's body is yet to be read, and the caller closes it.

        Raises:
            InferenceClientError: no connection, no answer, or a refusal.
        """
        http = await self._session(signed.url)
        # aiohttp would offer compression, and the stream is read undecoded.
        headers = {**signed.headers, "Accept-Encoding": "identity"}
        try:
            # The URL is signed as it is.
            url = URL(signed.url, encoded=True)
            response = await http.request(signed.method, url, headers=headers, data=signed.body, allow_redirects=False)
            if response.status < 300:
                return response
            async with response:
                body = await response.read()
        except aiohttp.ClientError as error:
            kind, advice = next((kind, advice) for types, kind, advice in _AIOHTTP_ERRORS if isinstance(error, types))
            raise kind(f"{target}: {error or type(error).__name__} ({signed.url}). {advice}.") from error
        raise error_for_response(response.status, response.headers, body, target)

    async def aclose(self) -> None:
        """Close all connections; they are opened anew when used again."""
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    async def _session(self, url: str) -> aiohttp.ClientSession:
        async with self._opening:
            if self._http is None:
                # In a thread: the certificates are read from disk, and some systems' proxy settings, too.
                trusted = await asyncio.to_thread(_trusted_certificates)
                proxy = await asyncio.to_thread(_proxy, url)
                self._http = aiohttp.ClientSession(
                    connector=aiohttp.TCPConnector(limit=self._options.max_connections, ssl=trusted),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    auto_decompress=False,
                    skip_auto_headers=_NOT_ADDED,
                    proxy=proxy,
                    timeout=aiohttp.ClientTimeout(
                        total=None, connect=self._options.connect_timeout_s, sock_read=self._options.read_timeout_s
                    ),
                )
            return self._http


def _trusted_certificates() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or get_cert_path(True))


def _proxy(url: str) -> str | None:
    # Not aiohttp's trust_env: that would take credentials for the signed request from ~/.netrc.
    address = urlsplit(url)
    return None if proxy_bypass(address.netloc) else getproxies().get(address.scheme)
