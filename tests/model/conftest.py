"""A hub on this machine: two routes of the Hugging Face hub, over real HTTP."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

COMMIT = "c" * 40


class Hub:
    """What the hub has; a path that it does not have is a 404."""

    def __init__(self):
        self.answers = {}
        self.requests = []
        self.url = ""

    def publish(self, model_id, config, *, gated=False, revision="main", **about):
        suffix = "" if revision == "main" else f"/revision/{revision}"
        self.answers[f"/api/models/{model_id}{suffix}"] = (200, {"sha": COMMIT, "gated": gated} | about)
        self.answers[f"/{model_id}/raw/{COMMIT}/config.json"] = (200, config)


@pytest.fixture
def hub():
    state = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            state.requests.append((self.path, self.headers.get("Authorization")))
            status, content = state.answers.get(self.path, (404, {"error": "not found"}))
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", content["to"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        state.url = f"http://127.0.0.1:{server.server_port}"
        yield state
        server.shutdown()
        thread.join()
