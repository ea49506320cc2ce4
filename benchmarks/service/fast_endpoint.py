"""`python -m benchmarks.service.fast_endpoint PACE_MS`: SageMaker's runtime as a chat that costs nothing to make.

Every answer is the same tokens, made once; between two of them it waits for the pace. It prints its port.
"""

import asyncio
import json
import struct
import sys
from binascii import crc32

TOKENS = tuple(f" word{number}" for number in range(64))
_HEAD = b"HTTP/1.1 200 OK\r\nx-amzn-RequestId: r\r\nTransfer-Encoding: chunked\r\n\r\n"


def _part(data: str) -> bytes:
    """One payload part of an event stream, as one chunk of HTTP."""
    payload = f"data: {data}\n\n".encode()
    headers = b"".join(
        struct.pack("!B", len(name)) + name + b"\x07" + struct.pack("!H", len(value)) + value
        for name, value in ((b":message-type", b"event"), (b":event-type", b"PayloadPart"))
    )
    prelude = struct.pack("!II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack("!I", crc32(prelude)) + headers + payload
    message += struct.pack("!I", crc32(message))
    return b"%x\r\n%s\r\n" % (len(message), message)


def _chunk(text: str, finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish_reason}
    return _part(json.dumps({"choices": [choice]}))


_USAGE = {"prompt_tokens": 100, "completion_tokens": len(TOKENS), "total_tokens": 100 + len(TOKENS)}
PARTS = (
    *(_chunk(token) for token in TOKENS),
    _chunk("", "stop") + _part(json.dumps({"choices": [], "usage": _USAGE})) + _part("[DONE]") + b"0\r\n\r\n",
)


async def _serve(pace_s: float) -> None:
    async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.partition(b":")[2])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length:")
                )
                await reader.readexactly(length)
                writer.write(_HEAD)
                for part in PARTS:
                    if pace_s:
                        await asyncio.sleep(pace_s)
                    writer.write(part)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(exchange, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]) / 1000))
