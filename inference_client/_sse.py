"""Server-sent events: bytes in, the data of each event out, without I/O.

The format is https://html.spec.whatwg.org/multipage/server-sent-events.html.

It knows nothing of what the data means. Event names, ids and retry hints are ignored: no engine here sends them.
"""

import re
from collections.abc import Iterator

_LINE_END = re.compile(rb"\r\n|\r|\n")


class SseDecoder:
    """Decodes one stream. Chunks may be cut anywhere: within a line, a CRLF or a UTF-8 character."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[str] = []
        self._after_cr = False

    def feed(self, chunk: bytes) -> Iterator[str]:
        """Yield the data of every event that ``chunk`` completes.

        An event that the stream's end cuts off, before its blank line, is never yielded: it may be incomplete.
        """
        if self._after_cr and chunk:
            # A CR ends a line at once; the LF that may follow it in the next chunk belongs to it.
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        if not chunk:
            return
        self._after_cr = chunk.endswith(b"\r")
        *lines, self._rest = _LINE_END.split(self._rest + chunk)
        for line in lines:
            if not line:
                if self._data:
                    data, self._data = "\n".join(self._data), []
                    yield data
                continue
            field, _, value = line.partition(b":")
            if field == b"data":
                # Exactly one space after the colon is syntax; TGI before 3.0 sends none. Comments have an empty field.
                self._data.append(value.removeprefix(b" ").decode("utf-8", errors="replace"))
