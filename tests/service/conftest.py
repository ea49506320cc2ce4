"""The service under a real HTTP server, against a real HTTP endpoint that speaks SageMaker's wire and says what a test
wants: tokens, pauses, errors, silence, a cut connection. What arrived there is kept, and whether a caller left early.
"""

import asyncio
import json
import struct
import threading
import time
from binascii import crc32
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace

import httpx
import pytest
import structlog
import uvicorn

from service.app import create_app
from service.settings import Settings

CUT = "cut"
HANG = "hang"
ENDPOINT, COMPONENT, MODEL, SECRET = "twin-endpoint", "twin-llm", "example/chat-model", "twin/api-keys"
ANSWER = ("The twin ", "scales ", "to zero ", "[1]", ".")


def frame(payload: bytes, **headers: str) -> bytes:
    """One message of an AWS event stream."""
    named = headers or {"message-type": "event", "event-type": "PayloadPart"}
    encoded = b""
    for name, value in named.items():
        encoded += struct.pack("!B", len(name) + 1) + f":{name}".encode()
        encoded += b"\x07" + struct.pack("!H", len(value)) + value.encode()
    prelude = struct.pack("!II", 16 + len(encoded) + len(payload), len(encoded))
    message = prelude + struct.pack("!I", crc32(prelude)) + encoded + payload
    return message + struct.pack("!I", crc32(message))


def chat_chunk(text: str = "", *, finish_reason: str | None = None) -> dict:
    return {"choices": [{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish_reason}]}


def chat_steps(*texts: object, finish_reason: str = "stop") -> list:
    """A chat stream of TGI: texts become chunks; pauses, dicts, CUT and HANG pass as they are."""
    said = [chat_chunk(one) if isinstance(one, str) and one not in (CUT, HANG) else one for one in texts]
    usage = {"choices": [], "usage": {"prompt_tokens": 40, "completion_tokens": len(texts), "total_tokens": 0}}
    return [*said, chat_chunk(finish_reason=finish_reason), usage, "[DONE]"]


def text_steps(*texts: str, finish_reason: str = "eos_token") -> list:
    """A generate stream of TGI."""
    last = len(texts)
    return [
        {
            "index": index,
            "token": {"id": index, "text": text, "logprob": -0.1, "special": False},
            "generated_text": "".join(texts) if index == last else None,
            "details": {
                "finish_reason": finish_reason,
                "generated_tokens": last,
                "seed": None,
                "input_length": 40,
            }
            if index == last
            else None,
        }
        for index, text in enumerate(texts, start=1)
    ]


@dataclass
class Refusal:
    """An error that SageMaker answers before a stream begins."""

    status: int
    code: str
    message: str
    fields: dict = field(default_factory=dict)


NO_CAPACITY = Refusal(400, "ValidationError", "Inference Component has no capacity to process this request.")
OVERLOADED = Refusal(
    424,
    "ModelError",
    "Received client error (429)",
    {
        "OriginalStatusCode": 429,
        "OriginalMessage": '{"error": "Model is overloaded", "error_type": "overloaded"}',
    },
)
TOO_LONG = Refusal(
    424,
    "ModelError",
    "Received client error (422)",
    {
        "OriginalStatusCode": 422,
        "OriginalMessage": json.dumps(
            {
                "error": "Input validation error: `inputs` must have less than 900 tokens. Given: 1200",
                "error_type": "validation",
            }
        ),
    },
)
NOT_FOUND = Refusal(400, "ValidationError", f"Endpoint {ENDPOINT} of account 123456789012 not found.")


@dataclass
class Asked:
    """A request that the endpoint got."""

    body: dict
    inference_id: str | None
    path: str
    component: str | None
    left_early: threading.Event = field(default_factory=threading.Event)

    @property
    def is_understanding(self) -> bool:
        return "response_format" in self.body or "grammar" in self.body.get("parameters", {})

    @property
    def prompt(self) -> str:
        if "inputs" in self.body:
            return str(self.body["inputs"])
        return "\n".join(message["content"] for message in self.body["messages"])


class FakeEndpoint:
    """One HTTP/1.1 server in a thread. `answer` and `understand` say what comes, or are functions of the request."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake-endpoint")
        self._thread.start()
        self._tasks: set[asyncio.Task] = set()
        self._server = self._run(asyncio.start_server(self._connection, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.reset()

    def reset(self) -> None:
        self.asked: list[Asked] = []
        self.answer: object = chat_steps(*ANSWER)
        self.understand: object = chat_steps(json.dumps({"queries": []}))
        self.status = "InService"
        self.secret = ""

    @property
    def answers_asked(self) -> list[Asked]:
        return [one for one in self.asked if not one.is_understanding]

    def stop(self) -> None:
        async def end() -> None:
            self._server.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

        self._run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(asyncio.current_task())
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        if headers.get("expect", "").lower() == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if "x-amz-target" in headers:
            name = headers["x-amz-target"].rpartition(".")[2]
            if name == "GetSecretValue":
                known = json.loads(body)["SecretId"] == SECRET
                writer.write(_json_answer(200, {"SecretString": self.secret}) if known else _json_answer(400, {}))
                return True
            status = {"DescribeEndpoint": "EndpointStatus", "DescribeInferenceComponent": "InferenceComponentStatus"}
            writer.write(_json_answer(200, {status[name]: self.status}))
            return True
        asked = Asked(
            body=json.loads(body),
            inference_id=headers.get("x-amzn-sagemaker-inference-id"),
            path=head[0].split(" ")[1],
            component=headers.get("x-amzn-sagemaker-inference-component"),
        )
        self.asked.append(asked)
        steps = self.understand if asked.is_understanding else self.answer
        if callable(steps):
            steps = steps(asked)
        if isinstance(steps, Refusal):
            document = {"Message": steps.message, **steps.fields}
            writer.write(_json_answer(steps.status, document, {"x-amzn-ErrorType": steps.code}))
            return True
        return await self._stream(steps, asked, reader, writer)

    async def _stream(self, steps: list, asked: Asked, reader, writer) -> bool:
        leaving = asyncio.ensure_future(reader.read(1))
        leaving.add_done_callback(lambda task: asked.left_early.set() if not task.cancelled() else None)
        has_begun = False
        try:
            for step in steps:
                if asked.left_early.is_set():
                    return False
                if step == CUT:
                    await writer.drain()
                    writer.transport.abort()
                    return False
                if step == HANG or isinstance(step, float):
                    await asyncio.wait({leaving}, timeout=None if step == HANG else step)
                    continue
                if not has_begun:
                    has_begun = True
                    writer.write(b"HTTP/1.1 200 OK\r\nx-amzn-RequestId: r\r\nTransfer-Encoding: chunked\r\n\r\n")
                if not isinstance(step, bytes):
                    data = step if isinstance(step, str) else json.dumps(step)
                    step = frame(f"data: {data}\n\n".encode())  # noqa: PLW2901 - the step as bytes
                writer.write(b"%x\r\n%s\r\n" % (len(step), step))
                await writer.drain()
        finally:
            # Before the last byte: the next request may follow it at once.
            leaving.cancel()
            await asyncio.wait({leaving})
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return not asked.left_early.is_set()


def _json_answer(status: int, document: dict, headers: dict[str, str] | None = None) -> bytes:
    body = json.dumps(document).encode()
    lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}", "x-amzn-RequestId: r"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


DOCUMENTS = {
    "docs/scaling.md": (
        "# Scaling\n\nThe twin scales to zero when nobody asks. A step policy on the alarm for missing capacity wakes "
        "it up again.\n\n## Waking\n\nWaking up from zero takes some minutes, because an instance has to start first."
    ),
    "docs/ingest.md": (
        "# Ingest\n\nDocuments are cut along their headings into passages. A second ingest of the same folder embeds "
        "nothing, because every document carries the hash of its content."
    ),
    "posts/voice.md": (
        "---\nauthor: Maxime Labonne\ndate: 2024-05-31\ncategory: post\n---\n# A voice of one's own\n\nFine-tuning on "
        "your own writing gives the language model your voice, your words and your rhythm."
    ),
}


@pytest.fixture(scope="session")
def say():
    """How a test says what the endpoint answers."""
    return SimpleNamespace(
        ANSWER=ANSWER,
        CUT=CUT,
        HANG=HANG,
        MODEL=MODEL,
        SECRET=SECRET,
        NO_CAPACITY=NO_CAPACITY,
        NOT_FOUND=NOT_FOUND,
        OVERLOADED=OVERLOADED,
        TOO_LONG=TOO_LONG,
        Refusal=Refusal,
        chat=chat_steps,
        chunk=chat_chunk,
        frame=frame,
        text=text_steps,
    )


@pytest.fixture(scope="session")
def the_endpoint() -> Iterator[FakeEndpoint]:
    endpoint = FakeEndpoint()
    yield endpoint
    endpoint.stop()


@pytest.fixture(scope="session", autouse=True)
def _aws(the_endpoint: FakeEndpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The fake endpoint as AWS, and nothing of whoever runs the tests."""
    nothing = tmp_path_factory.mktemp("no-aws")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", the_endpoint.url)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_REGION", "us-east-1")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_CONFIG_FILE", str(nothing / "config"))
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nothing / "credentials"))
        patch.delenv("AWS_PROFILE", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> None:
    """Logs go where pytest keeps them, not to the terminal."""
    structlog.configure(
        processors=[structlog.stdlib.add_log_level, structlog.processors.JSONRenderer()],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


@pytest.fixture
def endpoint(the_endpoint: FakeEndpoint) -> FakeEndpoint:
    the_endpoint.reset()
    return the_endpoint


@pytest.fixture(scope="session")
def outputs_file(tmp_path_factory: pytest.TempPathFactory):
    """A stack's outputs, as `cdk deploy --outputs-file` writes them."""

    def write(**outputs: str) -> str:
        values = {
            "EndpointName": ENDPOINT,
            "InferenceComponentName": COMPONENT,
            "ModelId": MODEL,
            "MaxInputTokens": "1024",
            "MaxTotalTokens": "1536",
        }
        file = tmp_path_factory.mktemp("outputs") / "outputs.json"
        file.write_text(json.dumps({"llm-twin-local-endpoint": {**values, **outputs}}))
        return str(file)

    return write


@dataclass
class Service:
    """A running service."""

    url: str
    app: object
    settings: Settings
    server: uvicorn.Server

    def client(self, **arguments) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=20, trust_env=False, **arguments)


@contextmanager
def running(settings: Settings) -> Iterator[Service]:
    """Serve on a free port, in a thread."""
    app = create_app(settings)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="service")
    thread.start()
    try:
        deadline_s = time.monotonic() + 20
        while not server.started and thread.is_alive() and time.monotonic() < deadline_s:
            time.sleep(0.01)
        assert server.started, "the service did not start"
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Service(url=f"http://127.0.0.1:{port}", app=app, settings=settings, server=server)
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def serve(outputs_file, tmp_path_factory: pytest.TempPathFactory) -> Callable:
    """Serve with other settings: `with serve(max_answers=1) as service`."""

    @contextmanager
    def start(**values) -> Iterator[Service]:
        folder = tmp_path_factory.mktemp("service")
        defaults = {
            "store": str(folder / "knowledge"),
            "spool_folder": folder / "spool",
            "endpoint_outputs_file": outputs_file(),
            "allow_no_keys": not any(name.startswith("api_keys") for name in values),
            "understand": False,
        }
        with running(Settings(**{**defaults, **values})) as service:
            yield service

    return start


@pytest.fixture(scope="session")
def documents() -> list:
    """Three documents, as an upload's files."""
    return [("files", (name, text.encode(), "text/markdown")) for name, text in DOCUMENTS.items()]


@pytest.fixture(scope="session")
def knowledge(serve, documents, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store with three documents, made once by a service of its own."""
    store = str(tmp_path_factory.mktemp("knowledge") / "store")
    with serve(store=store) as service, service.client() as client:
        job = client.post("/documents", params={"wait_s": 30}, files=documents)
        assert job.status_code == 200, job.text
        assert job.json()["counts"] == {"added": 3}
    return store


@pytest.fixture(scope="session")
def the_service(serve, knowledge: str) -> Iterator[Service]:
    """One service for every test that needs no settings of its own and writes nothing."""
    with serve(store=knowledge, understand=True, readiness_ttl_s=0.01) as service:
        yield service


@pytest.fixture
def service(the_service: Service, endpoint: FakeEndpoint) -> Service:
    return the_service


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    with service.client() as client:
        yield client


@pytest.fixture(scope="session")
def events_of():
    """Read server-sent events: a list of (event, data)."""

    def read(text: str) -> list[tuple[str, object]]:
        events = []
        for block in text.split("\n\n"):
            lines = dict(line.partition(": ")[::2] for line in block.splitlines() if not line.startswith(":"))
            if "data" in lines:
                data = lines["data"]
                events.append((lines.get("event", ""), data if data == "[DONE]" else json.loads(data)))
        return events

    return read


@pytest.fixture(scope="session")
def eventually():
    """Wait until something is so."""

    def wait(condition: Callable[[], bool], *, timeout_s: float = 5.0) -> None:
        deadline_s = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline_s, "it did not come to be so"
            time.sleep(0.01)

    return wait
