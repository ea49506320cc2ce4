"""Whatever AWS answers, a command ends with one message; with `--json` it is one JSON document."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

NOTHING_THERE = "ap-southeast-2"


@pytest.fixture
def unreachable(checkout, monkeypatch):
    """An AWS that nobody answers for."""
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("words", ["status", "cost", "diagnose", "down --verify --aws"])
def test_an_aws_that_does_not_answer_is_told_in_json(unreachable, twin, words):
    ended = twin(*words.split(), "--json")
    answer = json.loads(ended.out)
    assert (answer["ok"], answer["exit_code"], ended.code) == (False, 1, 1)
    assert "127.0.0.1:9" in answer["error"]["message"]
    assert answer["error"]["message"] in ended.err


@pytest.fixture
def answering(unreachable, monkeypatch):
    """Something that answers every request with the same; gives what to set it with."""

    class Handler(BaseHTTPRequestHandler):
        answer = 200, b""

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body = Handler.answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        yield lambda status, body: setattr(Handler, "answer", (status, body))
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("body", [b"", b'{"detail": "Not Found"}', b"<html><body>Sign in</body></html>"])
@pytest.mark.parametrize("words", ["diagnose", "doctor", "cost", "down --verify --aws"])
def test_what_is_no_aws_is_said_to_be_none(answering, twin, words, body):
    answering(200, body)
    ended = twin(*words.split(), "--json")
    assert ended.code == 1
    assert "is no AWS" in json.loads(ended.out)["error"]["message"]
    assert "AWS_ENDPOINT_URL" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("code", "advice"), [("Throttling", "in a minute"), ("ExpiredToken", "Sign in again"), ("AccessDenied", "allowed")]
)
def test_what_aws_refuses_comes_with_what_to_do(answering, twin, code, advice):
    answering(400, f"<R><Error><Code>{code}</Code><Message>no</Message></Error></R>".encode())
    ended = twin("cost", "--json")
    assert (ended.code, code in ended.err) == (1, True)
    assert advice in json.loads(ended.out)["error"]["advice"]


def test_a_setting_that_is_not_allowed_is_told_in_json(unreachable, twin):
    ended = twin("doctor", "-c", "min_copies=many", "--json")
    answer = json.loads(ended.out)
    assert (answer["exit_code"], ended.code) == (2, 2)
    assert "min_copies" in answer["error"]["message"]


def test_where_nothing_is_deployed_the_status_is_one_answer(local_environment, checkout, twin, monkeypatch):
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, NOTHING_THERE)
    ended = twin("status", "--json")
    assert (ended.code, json.loads(ended.out)["deployments"]) == (4, [])
    ended = twin("cost", "--json")
    assert (ended.code, json.loads(ended.out)["exit_code"]) == (4, 4)
