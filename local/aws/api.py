"""AWS's own API without a network: SDK clients whose requests the local AWS answers in this process.

CloudFormation's resource types are made through it, as CloudFormation's handlers are: what a deployment makes is what
the same call by any client would have made, and is refused with the same error.
"""

import io
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote, urlsplit
from wsgiref.types import WSGIApplication

import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config

ACCOUNT_HEADER = "x-moto-account-id"  # how moto is told the account of a request that no access key names
_ENDPOINT = "http://localhost"


class AwsApi:
    """Hands out SDK clients of the local AWS's services."""

    def __init__(self, *, application: WSGIApplication) -> None:
        """Make clients' requests go to a WSGI application."""
        self._application = application
        self._session = botocore.session.Session()
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._lock = threading.Lock()

    def client(self, service: str, *, account_id: str, region: str) -> Any:
        """A client of a service in an account and region; the same one each time, safe to use from any thread."""
        key = (service, account_id, region)
        with self._lock:  # making a client is not thread-safe, using it is
            if key not in self._clients:
                self._clients[key] = self._make_client(service, account_id, region)
            return self._clients[key]

    def _make_client(self, service: str, account_id: str, region: str) -> Any:
        client = self._session.create_client(
            service,
            region_name=region,
            endpoint_url=_ENDPOINT,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - nothing checks it; signing only needs one
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )
        client.meta.events.register("before-send", self._answering(account_id))
        return client

    def _answering(self, account_id: str) -> Callable[..., Any]:
        def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
            request.headers[ACCOUNT_HEADER] = account_id
            return _call(self._application, request)

        return answer


def _call(application: WSGIApplication, request: AWSPreparedRequest) -> AWSResponse:
    started: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
        started.update(status=int(status.split(" ", 1)[0]), headers=dict(headers))
        return io.BytesIO().write

    parts: Iterable[bytes] = application(_environ(request), start_response)
    try:
        body = b"".join(parts)
    finally:
        if close := getattr(parts, "close", None):
            close()
    return AWSResponse(request.url, started["status"], started["headers"], _RawBody(body))


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    url = urlsplit(request.url)
    body = _body_bytes(request.body)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path, "latin-1") or "/",
        "RAW_URI": f"{url.path}?{url.query}" if url.query else url.path,
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": url.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        text = value.decode("latin-1") if isinstance(value, bytes) else str(value)
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
    environ["CONTENT_LENGTH"] = str(len(body))
    return environ


def _body_bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return bytes(body if isinstance(body, bytes | bytearray) else body.read())


class _RawBody(io.BytesIO):
    """A body as botocore reads it from urllib3."""

    def stream(self, amt: int | None = None, **_: object) -> Iterable[bytes]:
        """The body in parts."""
        while part := self.read(amt):
            yield part
