"""Sends a request to one container, over connections that are kept.

It does not know which container, nor what an answer means to AWS.
"""

from collections.abc import Mapping

import httpx

from local.aws.runtime.limits import RuntimeLimits

# Shorter than any server's own patience with an idle connection, so that none is used that the server is just closing.
_KEEP_ALIVE_S = 1.0


class ContainerClient:
    """Connections to containers. Make it where the event loop runs, and close it there.

    Args:
        limits: of the runtime. Its time-outs are the caller's to keep, except for connecting.
    """

    def __init__(self, *, limits: RuntimeLimits) -> None:
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(None, connect=limits.connect_s),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=_KEEP_ALIVE_S),
            # Neither a proxy of this machine nor its certificates have to do with a container on loopback.
            trust_env=False,
            verify=False,  # noqa: S501 - plain HTTP on loopback; this spares the loading of certificates
        )

    async def send(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """POST to a container's /invocations; returns when the headers of its answer are there.

        The caller closes the response.

        Raises:
            httpx.ConnectError, httpx.ConnectTimeout: the container did not take the connection.
            httpx.TransportError: it took the request and did not answer it.
        """
        # The answer is passed on as it comes, so it must not come compressed.
        sent = {**headers, "accept-encoding": "identity"}
        request = self._client.build_request("POST", f"{url}/invocations", content=body, headers=sent)
        return await self._client.send(request, stream=True)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()
