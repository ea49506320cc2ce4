"""A hub over HTTP that answers what huggingface_hub asks, and large files from another address, as the real one."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "c" * 40
_LARGE_BYTES = 1000


@dataclass
class Hub:
    """What the hub has and what it was asked.

    Attributes:
        files: of its one public model, by name.
        tokens: who is let in to the gated model.
        break_at: after how many bytes the next download of a file breaks off.
        said: what the hub says a file's SHA-256 is, where that is not true.
        requests: method, path, Authorization and Range of each request.
    """

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    break_at: dict[str, int] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)

    def describe(self, model_id: str) -> dict[str, Any]:
        siblings = []
        for name, content in self.files.items():
            blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
            entry: dict[str, Any] = {"rfilename": name, "size": len(content), "blobId": blob}
            if len(content) > _LARGE_BYTES:
                digest = self.said.get(name, hashlib.sha256(content).hexdigest())
                entry["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 130}
            siblings.append(entry)
        return {"id": model_id, "modelId": model_id, "sha": COMMIT, "gated": False, "siblings": siblings, "tags": []}


@contextmanager
def running_hub() -> Iterator[Hub]:
    """`me/mine` is public, `me/gated` asks for a token, anything else does not exist. `main` is the only branch."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def _answer(self) -> None:
            path = self.path.partition("?")[0]
            token = self.headers.get("Authorization")
            hub.requests.append((self.command, path, token, self.headers.get("Range")))
            if path.startswith("/cdn/"):
                return self._send_content(path.removeprefix("/cdn/"))
            found = re.fullmatch(r"/api/models/(me/\w+)(?:/revision/(\w+))?|/(me/\w+)/resolve/(\w+)/([\w.-]+)", path)
            model_id = found and (found[1] or found[3])
            if not found or model_id not in {"me/mine", "me/gated"}:
                return self._refuse(401, "RepoNotFound")
            if model_id == "me/gated" and (token or "").removeprefix("Bearer ") not in hub.tokens:
                return self._refuse(403 if token else 401, "GatedRepo")
            if (found[2] or found[4] or "main") not in {"main", COMMIT}:
                return self._refuse(404, "RevisionNotFound")
            if found[1]:
                return self._send(json.dumps(hub.describe(found[1])).encode())
            return self._send_file(found[5])

        def _send_file(self, name: str) -> None:
            if name not in hub.files:
                return self._refuse(404, "EntryNotFound")
            content = hub.files[name]
            headers = {"X-Repo-Commit": COMMIT}
            if len(content) > _LARGE_BYTES:
                etag = hashlib.sha256(content).hexdigest()
                place = f"http://localhost:{self.server.server_port}/cdn/{name}"  # type: ignore[attr-defined]
                linked = {"X-Linked-Etag": f'"{etag}"', "X-Linked-Size": str(len(content)), "Location": place}
                return self._send(b"", 302, headers | linked)
            etag = hashlib.sha1(content, usedforsecurity=False).hexdigest()
            return self._send(content, headers=headers | {"ETag": f'"{etag}"'})

        def _send_content(self, name: str) -> None:
            content = hub.files[name]
            found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
            start = int(found[1]) if found else 0
            ranged = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if found else {}
            body = content[start:]
            if self.command == "GET" and name in hub.break_at:
                self._send(body, 200, ranged, cut=hub.break_at.pop(name))
                self.close_connection = True
                return
            self._send(body, 206 if found else 200, ranged)

        def _refuse(self, status: int, code: str) -> None:
            self._send(b"", status, {"X-Error-Code": code, "X-Error-Message": code})

        def _send(
            self, body: bytes, status: int = 200, headers: dict[str, str] | None = None, cut: int | None = None
        ) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body[:cut])

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        hub.url = f"http://127.0.0.1:{server.server_port}"
        yield hub
        server.shutdown()
        thread.join()
