"""One answer being read: the state that the blocking and the asynchronous stream share. Without I/O.

Bytes of the response go in, token events come out; it measures, remembers the text so far for the errors to carry, and
says at the end whether the answer is whole.
"""

import time
from collections.abc import Callable, Iterator

from ._answer import Completion, Generation, Timings, TokenEvent
from ._decoding import AnswerDecoder
from ._error_rules import Target, error_for
from ._failure import FailureReportedError
from ._frames import FrameDecoder
from .errors import InferenceClientError, ReadTimeoutError, StreamInterruptedError


class AnswerReader:
    """Reads one response stream.

    Args:
        started_s: when the request was sent, by ``clock``.
        total_timeout_s: how long the whole answer may take; keep-alive comments do not extend it.
    """

    def __init__(
        self,
        *,
        decoder: AnswerDecoder,
        target: Target,
        started_s: float,
        total_timeout_s: float,
        request_id: str | None,
        invoked_variant: str | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._decoder = decoder
        self._frames = FrameDecoder()
        self._target = target
        self._started_s = started_s
        self._total_timeout_s = total_timeout_s
        self._clock = clock
        self._first_token_s: float | None = None
        self._last_token_s: float | None = None
        self.request_id = request_id
        self.invoked_variant = invoked_variant

    @property
    def text(self) -> str:
        """The answer so far."""
        return self._decoder.text

    @property
    def is_whole(self) -> bool:
        """Whether the engine's final event has come."""
        return self._decoder.completion is not None

    def feed(self, chunk: bytes) -> Iterator[TokenEvent]:
        """Yield the token events that ``chunk`` completes.

        Raises:
            InferenceClientError: SageMaker or the engine reports an error inside the stream, it cannot be read, or the
                total timeout has passed; with the text so far.
        """
        # Read once: what the caller does between two events is no time of the model's.
        arrived_s = self._clock()
        try:
            for payload in self._frames.feed(chunk):
                for event in self._decoder.feed(payload):
                    self._first_token_s = self._first_token_s or arrived_s
                    self._last_token_s = arrived_s
                    yield event
        except FailureReportedError as reported:
            raise self.with_text(error_for(reported.failure, self._target)) from reported
        except InferenceClientError as error:
            self.with_text(error)
            raise
        if not self.is_whole and arrived_s - self._started_s > self._total_timeout_s:
            raise self.with_text(
                ReadTimeoutError(
                    f"{self._target}: the answer took longer than {self._total_timeout_s:g} s. Ask for fewer tokens, "
                    "or raise total_timeout_s."
                )
            )

    def with_text(self, error: InferenceClientError) -> InferenceClientError:
        """Give ``error`` what this answer knows: the text so far and the request's id."""
        error.partial_text = self.text
        error.request_id = error.request_id or self.request_id
        return error

    def silent(self) -> InferenceClientError:
        """The error for a stream that fell silent for the read timeout."""
        return self.with_text(
            ReadTimeoutError(
                f"{self._target}: the stream fell silent for the read timeout. It was not sent again; raise "
                "read_timeout_s, or ask for fewer tokens."
            )
        )

    def broken(self, cause: object) -> InferenceClientError:
        """The error for a stream that ended before the engine's final event."""
        return self.with_text(
            StreamInterruptedError(
                f"{self._target}: the stream broke off after {len(self.text)} characters: {cause}. The copy may have "
                "been stopped; try again."
            )
        )

    def finish(self) -> Generation:
        """The whole answer, once the stream has ended.

        Raises:
            StreamInterruptedError: it ended before the engine's final event.
        """
        if self._decoder.completion is None:
            raise self.broken("it ended without the model's final event")
        return generation(
            self._decoder.completion,
            started_s=self._started_s,
            first_token_s=self._first_token_s,
            ended_s=self._last_token_s or self._clock(),
            request_id=self.request_id,
            invoked_variant=self.invoked_variant,
        )


def generation(
    completion: Completion,
    *,
    started_s: float,
    first_token_s: float | None,
    ended_s: float,
    request_id: str | None,
    invoked_variant: str | None,
    alternatives: tuple[Completion, ...] = (),
) -> Generation:
    """Join what the engine said with what was measured. Times are readings of one monotonic clock."""
    tokens, total_s = completion.usage.generated_tokens, ended_s - started_s
    return Generation(
        text=completion.text,
        finish_reason=completion.finish_reason,
        usage=completion.usage,
        seed=completion.seed,
        timings=Timings(
            time_to_first_token_s=None if first_token_s is None else first_token_s - started_s,
            total_s=total_s,
            tokens_per_s=tokens / total_s if tokens and total_s > 0 else None,
        ),
        request_id=request_id,
        invoked_variant=invoked_variant,
        alternatives=alternatives,
    )
