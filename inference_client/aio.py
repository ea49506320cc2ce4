"""The asynchronous client: as ``EndpointClient``, for many streams at once in one event loop. It needs aiohttp.

Only the I/O differs: payloads, decoders, retries and errors are the blocking client's own. botocore signs the requests
(in a thread where credentials have to be fetched first), aiohttp carries them.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import boto3

from ._address import EndpointAddress
from ._answer import Generation
from ._async_stream import AsyncTokenStream
from ._aws import AwsClients
from ._chat_form import ChatDecoder
from ._component import ComponentChoice
from ._connections import Connections
from ._decoding import AnswerDecoder
from ._error_rules import Target
from ._forms import Forms
from ._options import ClientOptions
from ._parameters import GenerationParameters
from ._reading import AnswerReader
from ._request import body_for, routed
from ._retry import RetrySchedule
from ._signing import SignedRequest, StreamSigner, hand_over
from .errors import InferenceClientError

__all__ = ["AsyncEndpointClient", "AsyncTokenStream"]


class AsyncEndpointClient:
    """Asks one endpoint from one event loop; any number of tasks may share it.

    Args:
        address: which endpoint.
        options: time-outs, retries and sizes; ``max_connections`` bounds the streams open at once.
        session: whose region and credentials count; boto3's own chain if None. It is used on first use, not now.
    """

    def __init__(
        self,
        address: EndpointAddress,
        *,
        options: ClientOptions | None = None,
        session: boto3.session.Session | None = None,
    ) -> None:
        self.address = address
        self.options = options or ClientOptions()
        self._aws = AwsClients(
            session=session, region=address.region, options=self.options, stream_hook=("before-send", hand_over)
        )
        self._signer = StreamSigner(self._aws)
        self._forms = Forms(engine=address.engine)
        self._component = ComponentChoice(address, lambda: self._aws.sagemaker)
        self._connections = Connections(self.options)

    async def generate(
        self, prompt: str, *, parameters: GenerationParameters | None = None, inference_id: str | None = None
    ) -> Generation:
        """Ask for an answer and wait for all of it; see :meth:`EndpointClient.generate`."""
        async with await self.stream(prompt, parameters=parameters, inference_id=inference_id) as stream:
            return await stream.read()

    async def stream(
        self, prompt: str, *, parameters: GenerationParameters | None = None, inference_id: str | None = None
    ) -> AsyncTokenStream:
        """Ask for an answer and get its tokens as they come: ``async with await client.stream(…) as stream``.

        It returns when the first token is there; see :meth:`EndpointClient.stream`.
        """
        parameters, component = routed(parameters, self.address)
        payload = self._forms.prompt(prompt, parameters, streamed=True)
        return await self._open(payload, parameters, self._forms.decoder, inference_id, component)

    async def chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        parameters: GenerationParameters | None = None,
        inference_id: str | None = None,
    ) -> Generation:
        """Ask in the Messages form and wait for the whole answer; see :meth:`EndpointClient.chat`."""
        async with await self.stream_chat(messages, parameters=parameters, inference_id=inference_id) as stream:
            return await stream.read()

    async def stream_chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        parameters: GenerationParameters | None = None,
        inference_id: str | None = None,
    ) -> AsyncTokenStream:
        """Ask in the Messages form and get the answer as it comes; see :meth:`EndpointClient.stream_chat`."""
        parameters, component = routed(parameters, self.address)
        return await self._open(
            self._forms.chat(messages, parameters), parameters, ChatDecoder, inference_id, component
        )

    async def aclose(self) -> None:
        """Close the connections that are kept open; the client makes new ones if it is used again."""
        await self._connections.aclose()
        await asyncio.to_thread(self._aws.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _open(
        self,
        payload: Mapping[str, Any],
        parameters: GenerationParameters,
        decoder: type[AnswerDecoder],
        inference_id: str | None,
        component: str | None,
    ) -> AsyncTokenStream:
        body = body_for(payload, parameters, address=self.address, options=self.options)
        schedule = RetrySchedule(self.options, self._component)
        while True:
            try:
                return await self._attempt(body, decoder, inference_id, component)
            except InferenceClientError as error:
                await asyncio.sleep(schedule.pause_after(error))

    async def _attempt(
        self, body: bytes, decoder: type[AnswerDecoder], inference_id: str | None, component: str | None
    ) -> AsyncTokenStream:
        started_s = time.monotonic()
        # A thread costs as much as signing itself: only where there is something to wait for.
        if self._aws.is_ready and (component or self._component.is_known):
            target, signed = self._sign(body, inference_id, component)
        else:
            target, signed = await asyncio.to_thread(self._sign, body, inference_id, component)
        response = await self._connections.send(signed, target)
        reader = AnswerReader(
            decoder=decoder(),
            target=target,
            started_s=started_s,
            total_timeout_s=self.options.total_timeout_s,
            request_id=response.headers.get("x-amzn-requestid"),
            invoked_variant=response.headers.get("x-amzn-invoked-production-variant"),
        )
        stream = AsyncTokenStream(response, reader)
        await stream.await_first()
        return stream

    def _sign(self, body: bytes, inference_id: str | None, component: str | None) -> tuple[Target, SignedRequest]:
        # May block: the component may have to be looked up, and credentials to be fetched.
        target = Target(
            endpoint_name=self.address.endpoint_name,
            component_name=component or self._component.name(),
            region=self.address.region,
        )
        return target, self._signer.sign(target, body, inference_id=inference_id)
