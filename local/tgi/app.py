"""The routes, put together: which function answers which path, and how errors leave the server."""

import secrets
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from local.llama.disconnect import unless_disconnected
from local.llama.events import encode_json
from local.tgi.chat_request import ChatRequest
from local.tgi.completion_request import CompletionRequest
from local.tgi.errors import RequestError
from local.tgi.fields import DeserializeError
from local.tgi.framing import FramingError, read_body
from local.tgi.generate_request import GenerateRequest
from local.tgi.routes.chat import answer_chat
from local.tgi.routes.completions import answer_completion
from local.tgi.routes.generate import answer_compatible, answer_object, answer_stream
from local.tgi.routes.info import answer_health, answer_info, answer_metrics, answer_models
from local.tgi.routes.service import Service
from local.tgi.routes.tokenize import answer_chat_tokenize, answer_tokenize

T = TypeVar("T")
Endpoint = Callable[[Request], Awaitable[Response]]


def build_app(service: Service) -> Starlette:
    """Return the web application of a running server."""
    post = _Posts(service)
    root = post.endpoint(GenerateRequest.read, answer_compatible)

    async def answer_root(request: Request) -> Response:
        return await (root(request) if request.method == "POST" else answer_health(service))

    async def check_health(_: Request) -> Response:
        return await answer_health(service)

    return Starlette(
        routes=[
            Route("/", answer_root, methods=["GET", "POST"]),
            post.route("/generate", GenerateRequest.read, answer_object),
            post.route("/generate_stream", GenerateRequest.read, answer_stream),
            post.route("/v1/chat/completions", ChatRequest.read, answer_chat),
            post.route("/v1/completions", CompletionRequest.read, answer_completion),
            post.route("/invocations", _read_invocation, _answer_invocation),
            post.route("/tokenize", GenerateRequest.read, answer_tokenize),
            post.route("/chat_tokenize", ChatRequest.read, answer_chat_tokenize, protected=False),
            Route("/info", _get(lambda: answer_info(service))),
            Route("/v1/models", _get(lambda: answer_models(service))),
            Route("/metrics", _get(lambda: answer_metrics(service))),
            Route("/health", check_health),
            Route("/ping", check_health),
        ],
        exception_handlers={
            RequestError: _respond_error,
            FramingError: _respond_framing_error,
            HTTPException: _respond_no_route,
            ClientDisconnect: _respond_to_nobody,
        },
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=service.settings.cors_allow_origins,
                allow_methods=["GET", "POST"],
                allow_headers=["content-type"],
            )
        ],
    )


class _Posts:
    """Makes endpoints that read a body."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def route(
        self,
        path: str,
        read: Callable[[Any], T],
        answer: Callable[[Service, T], Coroutine[Any, Any, Response]],
        *,
        protected: bool = True,
    ) -> Route:
        return Route(path, self.endpoint(read, answer, protected=protected), methods=["POST"])

    def endpoint(
        self,
        read: Callable[[Any], T],
        answer: Callable[[Service, T], Coroutine[Any, Any, Response]],
        *,
        protected: bool = True,
    ) -> Endpoint:
        settings = self._service.settings

        async def respond(request: Request) -> Response:
            if protected and not _is_authorized(request, settings.api_key):
                return Response(status_code=401)
            body = await read_body(request, read, limit_bytes=settings.payload_limit_bytes)
            return await unless_disconnected(request, answer(self._service, body))

        return respond


def _get(answer: Callable[[], Response]) -> Endpoint:
    async def respond(_: Request) -> Response:
        return answer()

    return respond


def _read_invocation(body: Any) -> GenerateRequest | ChatRequest | CompletionRequest:
    """Read one of the three forms of /invocations: the first that fits."""
    for read in (GenerateRequest.read, ChatRequest.read, CompletionRequest.read):
        try:
            return read(body)
        except DeserializeError:
            continue
    raise DeserializeError("data did not match any variant of untagged enum SagemakerRequest")


async def _answer_invocation(service: Service, body: GenerateRequest | ChatRequest | CompletionRequest) -> Response:
    if isinstance(body, GenerateRequest):
        return await answer_compatible(service, body)
    if isinstance(body, ChatRequest):
        return await answer_chat(service, body)
    return await answer_completion(service, body)


def _is_authorized(request: Request, api_key: str | None) -> bool:
    expected = f"bearer {api_key}".lower().encode()
    given = request.headers.get("authorization", "").lower().encode()
    return api_key is None or secrets.compare_digest(given, expected)


async def _respond_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)  # noqa: S101  registered for this type only
    return Response(encode_json(error.describe()), status_code=error.status, media_type="application/json")


async def _respond_framing_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, FramingError)  # noqa: S101  registered for this type only
    return error.respond()


async def _respond_no_route(_: Request, error: Exception) -> Response:
    """Answer 404 and 405 as axum does: with nothing."""
    assert isinstance(error, HTTPException)  # noqa: S101  registered for this type only
    return Response(status_code=error.status_code, headers=error.headers)


async def _respond_to_nobody(_: Request, __: Exception) -> Response:
    """The client has left; what is answered is only seen in a log."""
    return Response(status_code=499)
