"""moto's WSGI application behind an ASGI server: raw paths, odd header names and bodies of unknown length kept right.

a2wsgi does the bridging; what it leaves out and moto needs is added to each request's environment. S3 keys depend on
it: they hold encoded slashes, spaces and any other character, and metadata names with underscores.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from a2wsgi import WSGIMiddleware
from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    environ_key_for_header,
    should_preserve_original_header_name,
)

WORKERS = 32  # a request may wait for the start of what it asks for, so there are more than the machine has cores


def bridge(application: WSGIApplication, *, workers: int = WORKERS) -> Any:
    """Make an ASGI application of a WSGI one, which answers in worker threads."""
    bridged: Any = _WithRawRequest(application)  # a2wsgi describes WSGI in types of its own
    return WSGIMiddleware(bridged, workers=workers)


class _WithRawRequest:
    """Adds to the environment what the ASGI scope has and a2wsgi leaves out."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        scope = environ["asgi.scope"]
        query = scope["query_string"].decode("latin-1")
        path = scope["raw_path"].decode("latin-1")
        environ["RAW_URI"] = environ["REQUEST_URI"] = f"{path}?{query}" if query else path
        if "CONTENT_LENGTH" not in environ:
            environ["wsgi.input_terminated"] = True  # a chunked body ends where the stream does
        _restore_underscores(environ, scope["headers"])
        return self._application(environ, start_response)


def _restore_underscores(environ: WSGIEnvironment, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Tell moto the spelling of metadata headers whose names hold an underscore, which WSGI cannot tell from a dash."""
    names: dict[str, str] = {}
    values: defaultdict[str, list[str]] = defaultdict(list)
    dashed = {environ_key_for_header(name.decode("latin-1")) for name, _ in headers if b"_" not in name}
    for raw_name, value in headers:
        name = raw_name.decode("latin-1")
        key = environ_key_for_header(name)
        if should_preserve_original_header_name(name) and key not in dashed:
            names.setdefault(key, name)
            values[key].append(value.decode("latin-1"))
    environ.update({key: ",".join(parts) for key, parts in values.items()})
    environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = names
