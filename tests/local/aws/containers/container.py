"""A container for tests: answers as a SageMaker container does, at once, and misbehaves as it is told to.

Environment: EXIT_CODE (exit at once, after MESSAGE), START_DELAY_S, NEVER_READY, IGNORE_SIGTERM, NAME (told in
answers), STAND_IN, ADAPTERS (takes adapters as vLLM does; without, as TGI: not at all).
Requests to /invocations: JSON with "do": echo (default), sleep {"seconds"}, status {"status", "text"}, stream {"parts",
"interval_s", "break_after"}, exit {"code"}, environment, headers, adapters.
"""

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    served = 0
    aborted = 0
    adapters: ClassVar[dict[str, str]] = {}

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        return

    def answer(self, status: int, body: bytes, content_type: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        if self.path == "/ping":
            self.answer(503 if "NEVER_READY" in os.environ else 200, b"")
        elif self.path == "/info":
            self.answer(200, json.dumps({"stand_in": json.loads(os.environ.get("STAND_IN", "null"))}).encode())
        elif self.path == "/counts":
            self.answer(200, json.dumps({"served": Handler.served, "aborted": Handler.aborted}).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        wanted = json.loads(body) if body.startswith(b"{") else {}
        if self.path == "/adapters":
            self.take_adapter(**wanted)
            return
        Handler.served += 1
        getattr(self, "do_" + wanted.get("do", "echo"))(wanted, body)

    def take_adapter(self, name: str, src: str) -> None:
        if "ADAPTERS" not in os.environ:
            self.answer(404, b'{"detail":"Not Found"}')
        elif name in Handler.adapters:
            self.answer(400, b'{"message":"it has already been loaded"}')
        else:
            Handler.adapters[name] = src
            self.answer(200, b"Success")

    def do_DELETE(self) -> None:
        found = Handler.adapters.pop(self.path.removeprefix("/adapters/"), None)
        self.answer(200 if found else 404, b"")

    def do_adapters(self, wanted: dict, body: bytes) -> None:
        found = {name: sorted(file.name for file in Path(src).iterdir()) for name, src in Handler.adapters.items()}
        self.answer(200, json.dumps({"pid": os.getpid(), "adapters": found}).encode())

    def do_echo(self, wanted: dict, body: bytes) -> None:
        told = {"name": os.environ.get("NAME"), "pid": os.getpid(), "bytes": len(body)}
        attributes = self.headers.get("X-Amzn-SageMaker-Custom-Attributes")
        extra = {"X_Amzn_SageMaker_Custom_Attributes": attributes} if attributes else {}
        self.answer(200, json.dumps(told).encode(), **extra)

    def do_headers(self, wanted: dict, body: bytes) -> None:
        self.answer(200, json.dumps({name.lower(): value for name, value in self.headers.items()}).encode())

    def do_environment(self, wanted: dict, body: bytes) -> None:
        self.answer(200, json.dumps(dict(os.environ)).encode())

    def do_sleep(self, wanted: dict, body: bytes) -> None:
        deadline = time.monotonic() + wanted["seconds"]
        self.connection.settimeout(0.02)
        while time.monotonic() < deadline:
            try:
                if self.connection.recv(1) == b"":
                    Handler.aborted += 1
                    return
            except TimeoutError:
                continue
        self.connection.settimeout(None)
        self.answer(200, json.dumps({"slept": wanted["seconds"], "pid": os.getpid()}).encode())

    def do_status(self, wanted: dict, body: bytes) -> None:
        self.answer(wanted["status"], wanted["text"].encode())

    def do_exit(self, wanted: dict, body: bytes) -> None:
        print("exit was asked for", flush=True)  # noqa: T201 - what containers do
        os._exit(wanted["code"])

    def do_stream(self, wanted: dict, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for index, part in enumerate(wanted["parts"]):
            if index == wanted.get("break_after"):
                self.close_connection = True
                self.connection.close()
                return
            data = part.encode()
            try:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()
            except OSError:
                Handler.aborted += 1
                raise
            time.sleep(wanted.get("interval_s", 0))
        self.wfile.write(b"0\r\n\r\n")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        return


def end_with_stdin() -> None:
    while os.read(0, 1024):
        pass
    os._exit(0)


def main() -> None:
    if "IGNORE_SIGTERM" in os.environ:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=end_with_stdin, daemon=True).start()
    print(f"container {os.environ.get('NAME')} starts", flush=True)  # noqa: T201 - what containers do
    if "EXIT_CODE" in os.environ:
        print(os.environ.get("MESSAGE", ""), file=sys.stderr, flush=True)  # noqa: T201 - what containers do
        sys.exit(int(os.environ["EXIT_CODE"]))
    time.sleep(float(os.environ.get("START_DELAY_S", "0")))
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()


if __name__ == "__main__":
    main()
