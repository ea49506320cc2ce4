"""The client for blocking callers. It holds no state of a request: one client may serve any number of threads."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import boto3

from ._address import EndpointAddress
from ._answer import Generation
from ._aws import AwsClients, translated
from ._chat_form import ChatDecoder
from ._component import ComponentChoice
from ._decoding import AnswerDecoder
from ._error_rules import Target
from ._failure import unexpected_answer
from ._forms import Forms
from ._options import ClientOptions, Waiting
from ._parameters import GenerationParameters
from ._payload import encode
from ._readiness import wait_until_in_service
from ._reading import AnswerReader, generation
from ._request import body_for, invocation, routed
from ._retry import RetrySchedule
from ._stream import RAW_STREAM, TokenStream, keep_raw_stream
from .errors import InferenceClientError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, kw_only=True)
class _WholeAnswer:
    body: bytes
    started_s: float
    ended_s: float
    request_id: str | None
    invoked_variant: str | None


class EndpointClient:
    """Asks one endpoint.

    Args:
        address: which endpoint; ``EndpointAddress.from_stack`` and its siblings read it from a deployed stack.
        options: time-outs, retries and sizes.
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
            session=session,
            region=address.region,
            options=self.options,
            stream_hook=("before-parse", keep_raw_stream),
        )
        self._forms = Forms(engine=address.engine)
        self._component = ComponentChoice(address, lambda: self._aws.sagemaker)

    def generate(
        self,
        prompt: str,
        *,
        parameters: GenerationParameters | None = None,
        streamed: bool = True,
        inference_id: str | None = None,
    ) -> Generation:
        """Ask for an answer and wait for all of it.

        By default the answer is read from a response stream: only there does the engine say how long the prompt was,
        can the time to the first token be measured, and does SageMaker wait 8 minutes instead of 60 s.
        ``streamed=False`` uses plain InvokeEndpoint: for ``best_of``, and for callers that may not use streams.

        Args:
            prompt: the text that the model continues; no template is applied to it.
            parameters: how to generate; see :class:`GenerationParameters` for the defaults.
            streamed: whether the answer is read from a response stream.
            inference_id: your own id of the request, 1 to 64 printable characters; SageMaker keeps it in its records.

        Raises:
            InferenceClientError: see ``inference_client.errors``; ``partial_text`` has what came before a failure.
        """
        if streamed:
            with self.stream(prompt, parameters=parameters, inference_id=inference_id) as stream:
                return stream.read()
        parameters, component = routed(parameters, self.address)
        payload = self._forms.prompt(prompt, parameters, streamed=False)
        body = body_for(payload, parameters, address=self.address, options=self.options)
        whole = self._invoke(body, inference_id, component)
        completion, alternatives = self._forms.read_whole(whole.body)
        return generation(
            completion,
            started_s=whole.started_s,
            first_token_s=None,
            ended_s=whole.ended_s,
            request_id=whole.request_id,
            invoked_variant=whole.invoked_variant,
            alternatives=alternatives,
        )

    def stream(
        self, prompt: str, *, parameters: GenerationParameters | None = None, inference_id: str | None = None
    ) -> TokenStream:
        """Ask for an answer and get its tokens as they come; see :class:`TokenStream`.

        It returns when the first token is there. An engine that streams refuses under status 200, so only then is the
        request known to be accepted: what is refused is raised here, and sent again if that is free.

        Raises:
            InferenceClientError: as :meth:`generate`; while iterating, only for an answer that breaks off.
        """
        parameters, component = routed(parameters, self.address)
        payload = self._forms.prompt(prompt, parameters, streamed=True)
        return self._open(payload, parameters, self._forms.decoder, inference_id, component)

    def chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        parameters: GenerationParameters | None = None,
        inference_id: str | None = None,
    ) -> Generation:
        """Ask in the Messages form, ``[{"role": "user", "content": …}]``, and wait for the whole answer.

        The engine applies the model's own chat template.
        """
        with self.stream_chat(messages, parameters=parameters, inference_id=inference_id) as stream:
            return stream.read()

    def stream_chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        parameters: GenerationParameters | None = None,
        inference_id: str | None = None,
    ) -> TokenStream:
        """Ask in the Messages form and get the answer as it comes; its events have text and no token ids."""
        parameters, component = routed(parameters, self.address)
        return self._open(self._forms.chat(messages, parameters), parameters, ChatDecoder, inference_id, component)

    def invoke(self, payload: Mapping[str, Any], *, inference_id: str | None = None) -> Any:
        """Send ``payload`` as it is by InvokeEndpoint and give the engine's JSON answer, parsed.

        Raises:
            InferenceClientError: as :meth:`generate`.
        """
        body = encode(payload, max_body_bytes=self.options.max_body_bytes)
        answer = self._invoke(body, inference_id).body
        try:
            return json.loads(answer)
        except ValueError as error:
            raise unexpected_answer(answer, expected="JSON") from error

    def wait_until_in_service(
        self, *, timeout_s: float = 1800.0, poll_s: float = 5.0, on_wait: Callable[[Waiting], Any] | None = None
    ) -> None:
        """Wait until the endpoint and its component are InService.

        A component that is InService may still have no running copy, when it is scaled to zero; for that there is
        ``ClientOptions.wait_for_capacity_s``.

        Args:
            timeout_s: when to give up.
            poll_s: the pause between two looks.
            on_wait: called before each pause.

        Raises:
            DeploymentFailedError: one of them failed; with SageMaker's FailureReason.
            NotInServiceError: ``timeout_s`` have passed.
            InferenceClientError: SageMaker could not be asked.
        """
        wait_until_in_service(self._aws.sagemaker, self._target(), timeout_s=timeout_s, poll_s=poll_s, on_wait=on_wait)

    def close(self) -> None:
        """Close the connections that are kept open; the client makes new ones if it is used again."""
        self._aws.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _open(
        self,
        payload: Mapping[str, Any],
        parameters: GenerationParameters,
        decoder: type[AnswerDecoder],
        inference_id: str | None,
        component: str | None,
    ) -> TokenStream:
        body = body_for(payload, parameters, address=self.address, options=self.options)

        def attempt(runtime: "SageMakerRuntimeClient", target: Target) -> TokenStream:
            started_s = time.monotonic()
            arguments = invocation(target, body, inference_id=inference_id)
            with translated(target):
                response: Any = runtime.invoke_endpoint_with_response_stream(**arguments)
            reader = AnswerReader(
                decoder=decoder(),
                target=target,
                started_s=started_s,
                total_timeout_s=self.options.total_timeout_s,
                request_id=response["ResponseMetadata"].get("RequestId"),
                invoked_variant=response.get("InvokedProductionVariant"),
            )
            stream = TokenStream(response[RAW_STREAM], reader)
            stream.await_first()
            return stream

        return self._with_retries(attempt, component)

    def _invoke(self, body: bytes, inference_id: str | None, component: str | None = None) -> _WholeAnswer:
        def attempt(runtime: "SageMakerRuntimeClient", target: Target) -> _WholeAnswer:
            started_s = time.monotonic()
            with translated(target):
                response: Any = runtime.invoke_endpoint(**invocation(target, body, inference_id=inference_id))
                try:
                    answer = response["Body"].read()
                finally:
                    response["Body"].close()
            return _WholeAnswer(
                body=answer,
                started_s=started_s,
                ended_s=time.monotonic(),
                request_id=response["ResponseMetadata"].get("RequestId"),
                invoked_variant=response.get("InvokedProductionVariant"),
            )

        return self._with_retries(attempt, component)

    def _target(self, component: str | None = None) -> Target:
        return Target(
            endpoint_name=self.address.endpoint_name,
            component_name=component or self._component.name(),
            region=self.address.region,
        )

    def _with_retries(
        self, attempt: Callable[["SageMakerRuntimeClient", Target], _Answer], component: str | None
    ) -> _Answer:
        schedule = RetrySchedule(self.options, self._component)
        while True:
            try:
                return attempt(self._aws.runtime, self._target(component))
            except InferenceClientError as error:
                time.sleep(schedule.pause_after(error))
