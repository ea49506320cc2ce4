"""`python -m service` as a process: what it logs, how it refuses, how it ends, where its traces go."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from service import server
from service.app import create_app
from service.errors import CannotStartError
from service.settings import Settings

QUESTION = {"query": "How does the twin wake up from zero?"}


@pytest.fixture
def start(outputs_file, tmp_path, endpoint):
    """Start the service as a process; give it, its address and a way to read its log lines."""

    @contextmanager
    def started(**settings):
        values = {
            "PORT": "0",
            "ALLOW_NO_KEYS": "true",
            "UNDERSTAND": "false",
            "STORE": str(tmp_path / "knowledge"),
            "SPOOL_FOLDER": str(tmp_path / "spool"),
            "ENDPOINT_OUTPUTS_FILE": outputs_file(),
            **settings,
        }
        environment = {f"TWIN_SERVICE_{name}": value for name, value in values.items() if "OTEL_" not in name}
        process = subprocess.Popen(
            [sys.executable, "-m", "service"],
            env={**os.environ, **environment, **{k: v for k, v in values.items() if k.startswith("OTEL_")}},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        lines = []
        reading = threading.Thread(target=lambda: lines.extend(iter(process.stdout.readline, "")))
        reading.start()
        try:
            yield process, _url(process, lines), lines
        finally:
            process.kill()
            reading.join()
            process.communicate()

    return started


def _url(process, lines):
    deadline_s = time.monotonic() + 60
    while time.monotonic() < deadline_s and process.poll() is None:
        for line in list(lines):
            if "Uvicorn running on " in line:
                return json.loads(line)["event"].split("Uvicorn running on ")[1].split(" ")[0]
        time.sleep(0.02)
    raise AssertionError(f"the service did not start: {lines} {process.stderr.read()}")


class Collector(BaseHTTPRequestHandler):
    """Takes OTLP exports and keeps their bodies."""

    bodies: list[bytes]

    def do_POST(self):
        self.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def collector():
    """An OTLP collector: its address, and what it got."""
    bodies = []
    listener = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Collector,), {"bodies": bodies}))
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{listener.server_port}", bodies
    listener.shutdown()
    thread.join()
    listener.server_close()


def test_a_life_with_its_logs_and_traces_ends_when_its_answers_do(  # noqa: PLR0917 - fixtures
    start, documents, endpoint, say, eventually, collector
):
    address, exported = collector
    with (
        start(TRACES="true", OTEL_EXPORTER_OTLP_ENDPOINT=address) as (process, url, lines),
        httpx.Client(base_url=url, timeout=30, trust_env=False) as client,
    ):
        client.post("/documents", params={"wait_s": 30}, files=documents).raise_for_status()
        asked = {"query": "How does the twin wake up from zero, dear wombat?"}
        client.post("/rag", json=asked, headers={"X-Request-ID": "case-1"}).raise_for_status()
        client.post("/rag", json={"query": ""}, headers={"X-Request-ID": "case-2"})
        endpoint.answer = say.chat("The beginning ", 0.7, "and the end.")
        with client.stream("POST", "/rag/stream", json=QUESTION) as response:
            arriving = response.iter_lines()
            while not next(arriving).startswith("event: token"):
                pass
            process.send_signal(signal.SIGTERM)
            rest = "\n".join(arriving)
        assert "and the end." in rest
        assert "event: done" in rest
        assert process.wait(15) == 0
        eventually(lambda: sum('"event": "request"' in line for line in lines) == 4)
        events = [json.loads(line) for line in lines]
    requests = {event["request_id"]: event for event in events if event["event"] == "request"}
    assert requests["case-1"].items() >= {"route": "/rag", "status": 200, "finish_reason": "stop"}.items()
    assert requests["case-2"].items() >= {"status": 422, "problem": "invalid-request"}.items()
    assert all({"timestamp", "level", "event"} <= set(event) for event in events)
    spans = b"".join(exported)
    for name in (b"POST /rag", b"twin.search", b"twin.pack", b"twin.generate"):
        assert name in spans
    assert "wombat" not in str(events)
    assert b"wombat" not in spans


def test_what_was_accepted_survives_kill_9(start, serve, tmp_path, endpoint):
    with start() as (process, url, _), httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        many = [
            ("files", (f"{n}.md", f"# Otter {n}\n\nOtters hold hands, the {n}th time.".encode())) for n in range(300)
        ]
        job = client.post("/documents", files=many)
        assert job.status_code == 202
        process.kill()
        process.wait()
    again = {"store": str(tmp_path / "knowledge"), "spool_folder": tmp_path / "spool"}
    with serve(**again) as service, service.client() as client:
        ended = client.get(job.headers["location"], params={"wait_s": 60}).json()
        assert ended["state"] == "done"
        assert client.get("/documents", params={"limit": 1}).json()["total_documents"] == 300


def complaint(settings):
    environment = {f"TWIN_SERVICE_{name}": value for name, value in {"ALLOW_NO_KEYS": "true", **settings}.items()}
    run = subprocess.run(
        [sys.executable, "-m", "service"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"HOST": "0.0.0.0"}, "only a loopback address"),  # noqa: S104 - it is refused
        ({"ALLOW_NO_KEYS": "perhaps"}, "TWIN_SERVICE_ALLOW_NO_KEYS"),
        ({"MAX_ANWSERS": "3"}, "no setting TWIN_SERVICE_MAX_ANWSERS"),
        ({"TRACES": "true"}, "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ],
)
def test_wrong_settings_end_it_at_once_with_one_reason(settings, told):
    returned, said = complaint(settings)
    assert returned == 2
    assert told in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"embedder_weights": "/nowhere.onnx", "embedder_tokenizer": "/nowhere.json"}, "/nowhere"),
        ({"api_keys": '{"keys": "none-of-your-business"}'}, "API keys cannot be read"),
        ({"api_keys_file": "/nowhere.json"}, "/nowhere.json"),
        ({"api_keys_secret": "nobodys"}, "api_keys_secret 'nobodys' cannot be read"),
    ],
)
def test_what_is_needed_and_not_there_is_named(outputs_file, tmp_path, settings, told):
    values = {"allow_no_keys": "api_keys" not in str(settings), "endpoint_outputs_file": outputs_file(), **settings}
    app = create_app(Settings(store=str(tmp_path), spool_folder=tmp_path / "spool", **values))

    async def start() -> None:
        async with app.router.lifespan_context(app):
            pass

    with pytest.raises(CannotStartError, match=told) as raised:
        asyncio.run(start())
    assert "none-of-your-business" not in str(raised.value)


def test_a_start_that_fails_is_one_sentence_in_the_log(monkeypatch, caplog, tmp_path):
    # The process's own logging belongs to pytest here.
    monkeypatch.setattr("service.server.configure_logs", lambda _: None)
    settings = Settings(allow_no_keys=True, endpoint_outputs_file="/nowhere.json", port=0, spool_folder=tmp_path)
    assert server.run_server(settings) is False
    assert "/nowhere.json" in caplog.text
    assert "Traceback" not in caplog.text
