"""The routes of sagemaker-runtime: InvokeEndpoint and InvokeEndpointWithResponseStream, and a refusal of the third."""

import logging
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from local.aws.runtime.caller import caller_place
from local.aws.runtime.container_client import ContainerClient
from local.aws.runtime.disconnect import ClientGoneError, unless_gone
from local.aws.runtime.errors import InvocationError, ValidationError, headers_of
from local.aws.runtime.headers import to_container
from local.aws.runtime.invocation import Invocation
from local.aws.runtime.limits import DEFAULT_LIMITS, RuntimeLimits
from local.aws.runtime.metrics import InvocationMetrics
from local.aws.runtime.passing import StreamedAnswer, WholeAnswer
from local.aws.runtime.reply import Reply
from local.aws.runtime.request import InvocationRequest, read_request
from local.aws.runtime.target import find_component
from local.aws.sagemaker.hosting import Hosting
from local.aws.wire.place import Place

_logger = logging.getLogger(__name__)


class Hosted(Protocol):
    """What is hosted, by place; SageMakerService is one."""

    def hosting(self, place: Place) -> Hosting:
        """What there is in a place."""
        ...


class Runtime:
    """The runtime of SageMaker. Make it, use it and close it where the event loop runs.

    Args:
        hosted: what is hosted.
        limits: of time and size.
    """

    def __init__(self, hosted: Hosted, *, limits: RuntimeLimits = DEFAULT_LIMITS) -> None:
        self._hosted = hosted
        self._limits = limits
        self._metrics = InvocationMetrics()
        self._client: ContainerClient | None = None

    def routes(self) -> list[Route]:
        """The routes for a Starlette application."""
        path = "/endpoints/{endpoint}"
        return [
            Route(f"{path}/invocations", _Operation(self, streaming=False), methods=["POST"]),
            Route(f"{path}/invocations-response-stream", _Operation(self, streaming=True), methods=["POST"]),
            Route(f"{path}/async-invocations", _refuse_asynchronous, methods=["POST"]),
        ]

    async def aclose(self) -> None:
        """Close the connections to containers."""
        if self._client is not None:
            await self._client.aclose()

    async def read(self, scope: Scope, receive: Receive) -> tuple[Invocation, InvocationRequest]:
        """Read a request and find what it is for."""
        place = caller_place(dict(scope["headers"]).get(b"authorization", b"").decode("latin-1"))
        request = await read_request(scope, receive, max_body_bytes=self._limits.max_body_bytes)
        component = find_component(
            self._hosted.hosting(place), endpoint_name=request.endpoint, component_name=request.component
        )
        if self._client is None:  # only now there is an event loop for certain
            self._client = ContainerClient(limits=self._limits)
        invocation = Invocation(place=place, component=component, client=self._client, metrics=self._metrics)
        return invocation, request

    def timeout_s(self, *, streaming: bool) -> float:
        """How long an invocation may take."""
        return self._limits.stream_s if streaming else self._limits.invoke_s


class _Operation:
    """One operation of the runtime, as an ASGI application."""

    def __init__(self, runtime: Runtime, *, streaming: bool) -> None:
        self._runtime = runtime
        self._streaming = streaming

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        reply = Reply(send)
        passing = StreamedAnswer(reply) if self._streaming else WholeAnswer(reply)
        try:
            invocation, request = await self._runtime.read(scope, receive)
            work = invocation.run(
                body=request.body,
                headers=to_container(request.headers, streaming=self._streaming),
                timeout_s=self._runtime.timeout_s(streaming=self._streaming),
                pass_on=passing,
            )
            await unless_gone(receive, work)
        except ClientGoneError:
            _logger.debug("the caller of %s went away", scope["path"])
        except InvocationError as error:
            if not reply.begun:
                await reply.whole(status=error.status, headers=headers_of(error), body=error.body)
            elif isinstance(passing, StreamedAnswer):
                await passing.break_off(error.__cause__)
        except Exception as error:
            if not reply.begun:
                _logger.exception("an invocation failed")
                failure = InvocationError("A fault of the local AWS; its log has the traceback.")
                await reply.whole(status=failure.status, headers=headers_of(failure), body=failure.body)
            elif isinstance(passing, StreamedAnswer):
                await passing.break_off(error)


async def _refuse_asynchronous(request: Request) -> Response:
    error = ValidationError(f"Endpoint {request.path_params['endpoint']} is not an asynchronous endpoint.")
    return Response(error.body, status_code=error.status, headers=headers_of(error))


def runtime_routes(runtime: Runtime) -> list[Route]:
    """The routes of the runtime."""
    return runtime.routes()
