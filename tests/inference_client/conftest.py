"""A scripted AWS on a real socket.

It speaks the wire of SageMaker's runtime (JSON answers, event-stream frames, ``x-amzn-ErrorType``) and as much of the
control plane as the client reads. What it answers is said by each test, so that a cut in mid-stream, a silence or a
refusal comes exactly when it is wanted; what arrived is counted.
"""

import asyncio
import json
import ssl
import struct
import threading
from binascii import crc32
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace

import boto3
import pytest

from inference_client import ClientOptions, EndpointAddress, EndpointClient

CUT = "cut"
HANG = "hang"


@dataclass
class Request:
    kind: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Reply:
    """Steps are bytes to send, seconds to pause, CUT (reset the connection) or HANG (until the caller leaves)."""

    steps: list
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    chunked: bool = True


class Wire:
    """One HTTP/1.1 server in a thread; the last reply for a kind of request repeats."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire")
        self._thread.start()
        self._tasks: set[asyncio.Task] = set()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._connection, "127.0.0.1", 0, ssl=tls), self._loop
        ).result()
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self.reset()

    def reset(self) -> None:
        self.requests: list[Request] = []
        self.arrived = threading.Event()
        self.left_early = threading.Event()
        self.connections = 0
        self._replies: dict[str, deque[Reply]] = defaultdict(deque)

    def on(self, kind: str, *replies: Reply) -> None:
        self._replies[kind].extend(replies)

    def count(self, kind: str) -> int:
        return sum(request.kind == kind for request in self.requests)

    def stop(self) -> None:
        async def end() -> None:
            self._server.close()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            # TLS has a goodbye; a caller who is gone answers none.
            with suppress(OSError, TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(writer.wait_closed(), 1)
            writer.transport.abort()
            self._tasks.discard(asyncio.current_task())

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        path = head[0].split(" ")[1]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        if headers.get("expect", "").lower() == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        request = Request(kind_of(path, headers, body), path, headers, body)
        self.requests.append(request)
        self.arrived.set()
        replies = self._replies[request.kind]
        assert replies, f"nothing scripted for {request.kind}"
        reply = replies.popleft() if len(replies) > 1 else replies[0]
        return await self._answer(reply, reader, writer)

    async def _answer(self, reply: Reply, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        headers = {"x-amzn-RequestId": "req-1", "x-Amzn-Invoked-Production-Variant": "AllTraffic", **reply.headers}
        whole = b"".join(step for step in reply.steps if isinstance(step, bytes))
        headers |= {"Transfer-Encoding": "chunked"} if reply.chunked else {"Content-Length": str(len(whole))}
        lines = [f"HTTP/1.1 {reply.status} Status", *(f"{name}: {value}" for name, value in headers.items())]
        head = "\r\n".join([*lines, "", ""]).encode()
        for step in reply.steps:
            if step == CUT:
                await writer.drain()
                writer.transport.abort()
                return False
            if step == HANG:
                await reader.read()
                self.left_early.set()
                return False
            if isinstance(step, float):
                await asyncio.sleep(step)
                continue
            # The head goes out with the first bytes: before them, CUT and HANG are no answer at all.
            writer.write(head + (b"%x\r\n%s\r\n" % (len(step), step) if reply.chunked else step))
            head = b""
            await writer.drain()
        if reply.chunked:
            writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


def kind_of(path: str, headers: dict[str, str], body: bytes) -> str:
    if path.endswith("/invocations-response-stream"):
        return "stream"
    if path.endswith("/invocations"):
        return "invoke"
    if "x-amz-target" in headers:
        return headers["x-amz-target"].rpartition(".")[2]
    return dict(pair.split("=", 1) for pair in body.decode().split("&"))["Action"]


def frame(payload: bytes, **headers: str) -> bytes:
    """One message of an AWS event stream: prelude, headers (all strings), payload, both checksums."""
    named = headers or {"message_type": "event", "event_type": "PayloadPart"}
    encoded = b""
    for name, value in named.items():
        header = ":" + name.replace("_", "-")
        encoded += struct.pack("!B", len(header)) + header.encode()
        encoded += b"\x07" + struct.pack("!H", len(value)) + value.encode()
    prelude = struct.pack("!II", 16 + len(encoded) + len(payload), len(encoded))
    message = prelude + struct.pack("!I", crc32(prelude)) + encoded + payload
    return message + struct.pack("!I", crc32(message))


def exception_frame(kind: str, message: str, error_code: str | None = None) -> bytes:
    body = {"Message": message} | ({"ErrorCode": error_code} if error_code else {})
    return frame(json.dumps(body).encode(), message_type="exception", exception_type=kind)


def token(
    index: int, text: str, *, special: bool = False, whole: str | None = None, details: dict | None = None
) -> dict:
    """One event of TGI's stream."""
    return {
        "index": index,
        "token": {"id": 100 + index, "text": text, "logprob": -0.25 * index, "special": special},
        "generated_text": whole,
        "details": details,
    }


TOKENS = [
    token(1, "Grüße"),
    token(2, " aus "),
    token(3, "東京"),
    token(
        4,
        "<|im_end|>",
        special=True,
        whole="Grüße aus 東京",
        details={"finish_reason": "eos_token", "generated_tokens": 4, "seed": None, "input_length": 7},
    ),
]


def sse(event: object, *, space: bool = True, end: str = "\n") -> bytes:
    data = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
    return f"data:{' ' if space else ''}{data}{end}{end}".encode()


def stream_of(*events: object) -> Reply:
    """Each event as a payload part of its own; bytes, pauses, CUT and HANG pass as they are."""
    steps = [frame(sse(event)) if isinstance(event, dict) else event for event in events]
    return Reply(steps, headers={"Content-Type": "application/vnd.amazon.eventstream"})


def json_reply(body: object) -> Reply:
    return Reply([json.dumps(body).encode()], chunked=False, headers={"Content-Type": "application/json"})


def aws_error(code: str, status: int, message: str, **fields: object) -> Reply:
    # The runtime says the code in a header, the JSON services in the body.
    body = json.dumps({"__type": code, "Message": message, **fields}).encode()
    return Reply([body], status=status, chunked=False, headers={"x-amzn-ErrorType": code})


def container_error(status: int, body: dict | str) -> Reply:
    """A ModelError as SageMaker wraps what a container answers."""
    original = body if isinstance(body, str) else json.dumps(body)
    side = "client" if 400 <= status < 500 else "server"
    message = (
        f'Received {side} error ({status}) from primary with message "{original}". See https://console in account 1.'
    )
    return aws_error(
        "ModelError",
        424,
        message,
        OriginalStatusCode=status,
        OriginalMessage=original,
        LogStreamArn="arn:aws:logs:us-east-1:123456789012:log-group:/aws/sagemaker/InferenceComponents/llm",
        ErrorCode="CLIENT_ERROR_FROM_MODEL",
    )


OUTPUTS = {
    "EndpointName": "twin",
    "InferenceComponentName": "llm",
    "Region": "us-east-1",
    "Engine": "tgi",
    "ModelId": "mlabonne/TwinLlama-3.1-8B-DPO",
    "ModelRevision": "abc",
    "MaxInputTokens": "2048",
    "MaxTotalTokens": "4096",
    "VariantName": "AllTraffic",
    "EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/twin",
}


def xml(action: str, result: str) -> Reply:
    """An answer of CloudFormation's query protocol."""
    namespace = "http://cloudformation.amazonaws.com/doc/2010-05-15/"
    body = f'<{action}Response xmlns="{namespace}"><{action}Result>{result}</{action}Result></{action}Response>'
    return Reply([body.encode()], chunked=False, headers={"Content-Type": "text/xml"})


def stacks(*names: str, status: str = "CREATE_COMPLETE", outputs: dict[str, str] = OUTPUTS, reason: str = "") -> Reply:
    pairs = "".join(
        f"<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>"
        for key, value in outputs.items()
    )
    members = "".join(
        f"<member><StackName>{name}</StackName><StackStatus>{status}</StackStatus><CreationTime>2026-01-01T00:00:00Z"
        f"</CreationTime><StackStatusReason>{reason}</StackStatusReason><Outputs>{pairs}</Outputs></member>"
        for name in names
    )
    return xml("DescribeStacks", f"<Stacks>{members}</Stacks>")


NO_CAPACITY = aws_error(
    "ValidationError",
    400,
    "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress (if "
    "configured) or try to increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API.",
)


@pytest.fixture(scope="session")
def say():
    """How a test says what the wire answers."""
    return SimpleNamespace(
        CUT=CUT,
        HANG=HANG,
        NO_CAPACITY=NO_CAPACITY,
        OUTPUTS=OUTPUTS,
        TOKENS=TOKENS,
        Reply=Reply,
        aws_error=aws_error,
        container_error=container_error,
        exception_frame=exception_frame,
        frame=frame,
        json=json_reply,
        sse=sse,
        stacks=stacks,
        stream=stream_of,
        token=token,
        whole_stream=lambda: stream_of(*TOKENS),
        xml=xml,
    )


@pytest.fixture(scope="session")
def the_wire() -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.stop()


@pytest.fixture(scope="session")
def make_wire() -> type[Wire]:
    return Wire


@pytest.fixture
def wire(the_wire: Wire, aws_environment: None, monkeypatch: pytest.MonkeyPatch) -> Wire:
    the_wire.reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL", the_wire.url)
    return the_wire


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """A region and credentials, and nothing of whoever runs the tests."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", "AWS_REGION", "LLM_TWIN_STAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))


@pytest.fixture(scope="session")
def session() -> boto3.session.Session:
    """One session for all: it keeps the API models that every client needs."""
    return boto3.session.Session(
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  # of the scripted AWS
        region_name="us-east-1",
    )


@pytest.fixture
def make_client(wire: Wire, session: boto3.session.Session):
    """Make clients of endpoint ``twin``, component ``llm``, with short pauses; they are closed afterwards."""
    made = []

    def make(*, address: dict | None = None, **options) -> EndpointClient:
        names = {"endpoint_name": "twin", "inference_component_name": "llm", **(address or {})}
        client = EndpointClient(
            EndpointAddress(**names), options=ClientOptions(**{"backoff_s": 0.01, **options}), session=session
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client) -> EndpointClient:
    return make_client()
