"""What turns a model's streamed bytes into token events, whichever engine format they are in. Without I/O."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

from ._answer import Completion, TokenEvent
from ._failure import FailureReportedError, engine_failure, unexpected_answer
from ._sse import SseDecoder


class AnswerDecoder(ABC):
    """Decodes one streamed answer; a subclass knows one format.

    Attributes:
        completion: what the engine said at the end; None until the final event has come.
    """

    def __init__(self) -> None:
        self._sse = SseDecoder()
        self._text: list[str] = []
        self.completion: Completion | None = None

    @property
    def text(self) -> str:
        """The answer so far."""
        return "".join(self._text)

    def feed(self, chunk: bytes) -> Iterator[TokenEvent]:
        """Yield the events that ``chunk`` completes; it may be cut anywhere.

        Raises:
            FailureReportedError: the engine reports an error in its stream; what came before it has been yielded.
            UnexpectedAnswerError: the data is in no known format.
        """
        for data in self._sse.feed(chunk):
            if data == "[DONE]":
                continue
            try:
                message = json.loads(data)
            except ValueError as error:
                raise unexpected_answer(data, expected="a JSON object in each event of the stream") from error
            failure = engine_failure(message)
            if failure is not None:
                raise FailureReportedError(failure)
            if not isinstance(message, dict):
                raise unexpected_answer(data, expected="a JSON object in each event of the stream")
            try:
                event = self.take(message)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise unexpected_answer(data, expected="a token event") from error
            if event is not None:
                self._text.append(event.text)
                yield event

    @abstractmethod
    def take(self, message: Mapping[str, Any]) -> TokenEvent | None:
        """Read one message of the stream; set ``completion`` when it is the final one."""
