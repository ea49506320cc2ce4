"""Many streams at once over plain sockets, so that the measuring costs little: when did what arrive, and all of it?"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Asking:
    """How one way is asked, and how its tokens are found in what it answers.

    Attributes:
        url: where.
        body: what is posted.
        marker: bytes that stand before each token's text.
        text_of: all text of an answer's body.
    """

    url: str
    body: bytes
    marker: bytes
    text_of: Callable[[bytes], str]


@dataclass(frozen=True)
class Arrival:
    """One answer.

    Attributes:
        first_s: until its first token.
        last_s: until its last byte.
        status: the HTTP status.
        text: all of it.
    """

    first_s: float
    last_s: float
    status: int
    text: str


async def ask(asking: Asking) -> Arrival:
    """Ask once, on a connection of its own."""
    address = urlsplit(asking.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    started_s = time.perf_counter()
    head = f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(asking.body)}\r\n\r\n".encode() + asking.body)
    received = bytearray()
    first_s = 0.0
    while not received.endswith(b"\r\n0\r\n\r\n"):
        data = await reader.read(65536)
        if not data:
            break
        received += data
        if not first_s and asking.marker in received:
            first_s = time.perf_counter() - started_s
    last_s = time.perf_counter() - started_s
    writer.close()
    head_bytes, _, body = bytes(received).partition(b"\r\n\r\n")
    return Arrival(first_s, last_s, int(head_bytes.split(b" ")[1]), asking.text_of(_unchunked(body)))


async def ask_at_once(asking: Asking, streams: int) -> list[Arrival]:
    """Ask so many times at once."""
    return await asyncio.gather(*(ask(asking) for _ in range(streams)))


def _unchunked(body: bytes) -> bytes:
    whole, position = bytearray(), 0
    while position < len(body):
        end = body.index(b"\r\n", position)
        size = int(body[position:end], 16)
        whole += body[end + 2 : end + 2 + size]
        position = end + 4 + size
    return bytes(whole)


def rag_text(body: bytes) -> str:
    """The text of a `POST /rag/stream`."""
    blocks = body.decode().split("\n\n")
    tokens = [block.partition("data: ")[2] for block in blocks if block.startswith("event: token")]
    return "".join(json.loads(token)["text"] for token in tokens)


def chat_text(body: bytes) -> str:
    """The text of a streamed chat completion, or of an endpoint's own stream with the frames around it."""
    text = []
    for part in body.split(b"data: ")[1:]:
        data = part.partition(b"\n\n")[0]
        if data.startswith(b"{"):
            chunk = json.loads(data)
            text += [choice["delta"].get("content") or "" for choice in chunk.get("choices", [])]
    return "".join(text)
