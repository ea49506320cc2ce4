"""`twin publish` against the local AWS and a hub over HTTP; a process that is killed in the middle and run again."""

import http.client
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from cli.environment import LocalEnvironment
from model.catalog import SMOLLM2
from model.manifest import MANIFEST
from tests.model.publish.hub import COMMIT, Hub, running_hub
from tests.model.publish.weights import model

ROOT = Path(__file__).parents[2]
PART = 8 * 2**20
# Three parts.
LARGE = 2 * PART + 2**20
BUCKET = "cli-weights"


@pytest.fixture
def s3(local_environment: LocalEnvironment) -> Any:
    client = boto3.client("s3")
    if BUCKET not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
        client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir()
    for name, content in model(data_bytes=LARGE).items():
        (made / name).write_bytes(content)
    return made


@pytest.fixture
def hub(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with `me/mine` and `me/gated`, which the program is told of."""
    with running_hub() as running:
        running.files = model(shards=2)
        monkeypatch.setenv("HF_ENDPOINT", running.url)
        yield running


class Watch:
    """An AWS in front of the AWS: it passes everything on, holds the third part, and remembers what was sent."""

    def __init__(self, endpoint_url: str) -> None:
        self.sent: list[tuple[str, int]] = []
        self.held = threading.Event()
        self.let_go = threading.Event()
        target, watch = urlsplit(endpoint_url).netloc, self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if "partNumber=3" in self.path and not watch.let_go.is_set():
                    watch.held.set()
                    watch.let_go.wait(120)
                    self.close_connection = True
                    return
                # The caller may be dead when the answer comes.
                with closing(http.client.HTTPConnection(target, timeout=60)) as aws, suppress(ConnectionError):
                    aws.request(self.command, self.path, body, dict(self.headers))
                    answer = aws.getresponse()
                    content = answer.read()
                    if self.command == "PUT":
                        watch.sent.append((self.path.rpartition("/")[2], len(body)))
                    self.send_response(answer.status)
                    for name, value in answer.getheaders():
                        if name.lower() not in {"transfer-encoding", "connection", "content-length", "server", "date"}:
                            self.send_header(name, value)
                    length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
                    self.send_header("Content-Length", length or "0")
                    self.end_headers()
                    self.wfile.write(content)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = pass_on  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.url = f"http://localhost:{self._server.server_port}"

    def close(self) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def watch(local_environment: LocalEnvironment) -> Iterator[Watch]:
    made = Watch(local_environment.endpoint_url)
    yield made
    made.close()


def test_a_publish_that_is_killed_leaves_what_no_deploy_takes_and_the_next_sends_only_the_rest(
    s3: Any, watch: Watch, folder: Path, twin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["publish", str(folder), "--model-id", "me/killed", "--json", "--to", f"s3://{BUCKET}/killed/"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", watch.url)
    with subprocess.Popen([sys.executable, "-m", "cli", *words], cwd=ROOT, stdout=subprocess.DEVNULL) as killed:
        assert watch.held.wait(120)
        # Until the two parts before it are there, and of the other files all but config.json.
        while len(watch.sent) < 2 + len(model()) - 2:
            assert killed.poll() is None
            time.sleep(0.05)
        killed.send_signal(signal.SIGKILL)
    left = {Path(item["Key"]).name for item in s3.list_objects_v2(Bucket=BUCKET, Prefix="killed/")["Contents"]}
    assert not left & {"config.json", "model.safetensors", MANIFEST}
    watch.sent.clear()
    watch.let_go.set()

    done = twin(*words)

    assert done.code == 0, done.err
    sent = {name.partition("?")[0]: size for name, size in watch.sent}
    assert [name.partition("?")[0] for name, _ in watch.sent] == ["model.safetensors", "config.json", MANIFEST]
    assert sent["model.safetensors"] == (folder / "model.safetensors").stat().st_size - 2 * PART
    assert json.loads(done.out)["uploaded_bytes"] == sent["model.safetensors"] + sent["config.json"]


def test_from_the_hub_with_a_token_out_of_secrets_manager_that_nobody_gets_to_see(
    twin: Any, s3: Any, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "hf_" + "a1B2c3D4" * 4
    hub.tokens.add(token)
    boto3.client("secretsmanager", region_name="us-east-1").create_secret(Name="hub-token", SecretString=f"{token}\n")
    hub.break_at["model-00002-of-00002.safetensors"] = 100
    words = ["publish", "me/gated", "--to", f"s3://{BUCKET}/gated/", "--stage", "prod"]
    refused = twin(*words)
    assert refused.code == 2
    assert "it is gated" in refused.err

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    done = twin(*words, "--token-secret", "hub-token")

    assert done.code == 0, done.err
    s3_uri = f"s3://{BUCKET}/gated/me/gated/{COMMIT}/"
    assert f"twin model add me/gated --revision {COMMIT}" in done.out
    assert f"cdk deploy -c stage=prod -c model=me/gated -c s3_uri={s3_uri}" in done.out
    assert "upload to S3" in done.err
    for unseen in (token, "/cdn/"):
        assert unseen not in done.out + done.err
    for item in s3.list_objects_v2(Bucket=BUCKET, Prefix="gated/")["Contents"]:
        assert token.encode() not in s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
    kept = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert not [file for file in kept if token.encode() in file.read_bytes()]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("FOLDER", "--to", "s3://x-y-z/"), 2, "is a folder, which has no id"),
        (("FOLDER", "--model-id", "mine", "--to", "s3://x-y-z/"), 2, "It must read 'owner/name'"),
        (("FOLDER", "--model-id", "me/mine", "--revision", "main", "--to", "s3://x-y-z/"), 2, "are of the hub"),
        (("me/mine", "--model-id", "me/mine", "--to", "s3://x-y-z/"), 2, "--model-id is of a folder"),
        (("mine", "--to", "s3://x-y-z/"), 2, "It must read 'owner/name'"),
        (("./none", "--model-id", "me/mine", "--to", "s3://x-y-z/"), 2, "is no folder"),
        (("./" + "n" * 300, "--model-id", "me/mine", "--to", "s3://x-y-z/"), 2, "cannot be read: File name too long"),
        (("me/mine", "--to", "x-y-z"), 2, "is no prefix in S3"),
        (("me/mine", "--to", "s3://x-y-z/*/"), 2, "is no prefix in S3"),
        (("me/mine", "--to", "s3://no-such-bucket-here/"), 2, "there is no bucket"),
        (("me/mine", "--to", f"s3://{BUCKET}/", "--revision", "v9"), 2, "not the revision 'v9'"),
        (("me/none", "--to", f"s3://{BUCKET}/"), 2, "has no model 'me/none'"),
        (("me/mine", "--to", f"s3://{BUCKET}/", "--token-secret", "none"), 2, "there is no secret none"),
    ],
)
def test_a_mistake_ends_with_one_error(
    twin: Any,
    s3: Any,
    hub: Hub,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    arguments: Any,
    code: int,
    message: str,
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    ended = twin("publish", *(str(folder) if word == "FOLDER" else word for word in arguments))
    assert (ended.code, ended.out) == (code, "")
    assert message in ended.err
    assert "Traceback" not in ended.err


def test_a_hub_that_is_not_reached_ends_with_3(twin: Any, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    ended = twin("publish", "me/mine", "--to", f"s3://{BUCKET}/")
    assert ended.code == 3
    assert "was not reached" in ended.err


def test_an_s3_that_does_not_take_it_or_is_not_reached_ends_with_3_and_what_to_do(
    twin: Any, s3: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Busy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503)
            self.end_headers()
            self.wfile.write(b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>")

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setattr("cli.commands.publish._ATTEMPTS", 1)
    words = ["publish", folder, "--model-id", "me/mine", "--to", f"s3://{BUCKET}/"]
    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://localhost:{server.server_port}")
        busy = twin(*words)
        server.shutdown()
        thread.join()
    gone = twin(*words)
    for ended, message in ((busy, "S3 did not take it: .*SlowDown"), (gone, "S3 was not reached, or broke off: ")):
        assert ended.code == 3
        assert re.search(rf"error: {message}.*\nRun it again later: what has arrived is not sent again\.", ended.err)


def test_a_token_that_is_none_is_refused_and_not_shown(
    twin: Any, s3: Any, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_sécret")
    ended = twin("publish", "me/mine", "--to", f"s3://{BUCKET}/tokens/")
    assert ended.code == 2
    assert "token holds a character that none has. Set HF_TOKEN" in ended.err.replace("\n", " ")
    assert "hf_" not in ended.out + ended.err


def test_a_folder_that_is_no_model_makes_no_bucket(twin: Any, s3: Any, folder: Path) -> None:
    (folder / "config.json").unlink()
    ended = twin("publish", folder, "--model-id", "me/mine", "--to", "s3://never-made/", "--create-bucket")
    assert ended.code == 2
    assert "no config.json" in ended.err
    assert "never-made" not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}


def test_a_model_of_the_catalogue_is_published_at_the_commit_that_a_deployment_names(
    twin: Any, s3: Any, hub: Hub
) -> None:
    twin("publish", SMOLLM2.model_id, "--to", f"s3://{BUCKET}/")
    assert hub.requests[0][1] == f"/api/models/{SMOLLM2.model_id}/revision/{SMOLLM2.revision}"
