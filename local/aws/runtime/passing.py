"""The two ways to pass a container's answer on: whole, and as a stream of AWS's frames."""

import logging

import httpx

from local.aws.runtime.event_stream import (
    MODEL_TOO_SLOW,
    STREAM_BROKEN,
    internal_stream_failure,
    model_stream_error,
    payload_part,
)
from local.aws.runtime.headers import to_caller
from local.aws.runtime.reply import Reply

# What the API's reference says of the two error codes.
_TOO_SLOW = "The model failed to finish sending the response within the timeout period allowed by Amazon SageMaker AI."
_BROKEN = "The Transmission Control Protocol (TCP) connection between the client and the model was reset or closed."

_logger = logging.getLogger(__name__)


class WholeAnswer:
    """Passes an answer on when all of it is there.

    Args:
        reply: to the caller.
    """

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    async def __call__(self, response: httpx.Response, *, variant: str) -> None:
        """Read the answer and send it."""
        body = await response.aread()
        headers = to_caller(response.headers, variant=variant, streaming=False)
        await self._reply.whole(status=200, headers=headers, body=body)


class StreamedAnswer:
    """Passes an answer on part by part, as the parts come.

    Args:
        reply: to the caller.
    """

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    async def __call__(self, response: httpx.Response, *, variant: str) -> None:
        """Read the answer and send it. What goes wrong after the first byte becomes the stream's last event."""
        headers = to_caller(response.headers, variant=variant, streaming=True)
        await self._reply.begin(status=200, headers=headers)
        async for data in response.aiter_raw():
            await self._reply.part(payload_part(data))
        await self._reply.end()

    async def break_off(self, cause: BaseException | None) -> None:
        """End a stream that has begun with the event that says why.

        Args:
            cause: what went wrong underneath.
        """
        if isinstance(cause, TimeoutError):
            event = model_stream_error(MODEL_TOO_SLOW, _TOO_SLOW)
        elif isinstance(cause, httpx.TransportError):
            event = model_stream_error(STREAM_BROKEN, _BROKEN)
        else:
            _logger.error("a response stream broke off", exc_info=cause)
            event = internal_stream_failure("A fault of the local AWS; its log has the traceback.")
        await self._reply.part(event)
        await self._reply.end()
