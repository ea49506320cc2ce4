"""The routes, put together: which function answers which path, and how bodies come in and errors leave."""

import json
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from http import HTTPStatus
from typing import Any, Final, TypeVar

import pydantic
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from local.llama.disconnect import unless_disconnected
from local.vllm.errors import ApiError, InternalServerError, InvalidBodyError, describe_error
from local.vllm.metrics import CONTENT_TYPE
from local.vllm.requests import (
    ChatRequest,
    CompletionRequest,
    DetokenizeRequest,
    LoadAdapterRequest,
    RegisterAdapterRequest,
    TokenizeRequest,
    UnloadAdapterRequest,
)
from local.vllm.routes.adapters import answer_load, answer_register, answer_unload, answer_unregister
from local.vllm.routes.chat import answer_chat
from local.vllm.routes.completions import answer_completion
from local.vllm.routes.service import VLLM_VERSION, Service, respond_json
from local.vllm.routes.tokenize import answer_detokenize, answer_tokenize
from local.vllm.settings import Settings

T = TypeVar("T", bound=pydantic.BaseModel)
Answer = Callable[[Service, T], Coroutine[Any, Any, Response]]

# Whose header names the adapter of a request: SageMaker's, on /invocations.
_ADAPTER_HEADER: Final = "x-amzn-sagemaker-adapter-identifier"


def build_app(service: Service, settings: Settings) -> Starlette:
    """Return the web application of a running server."""

    async def invoke(request: Request) -> Response:
        body = await _read_json(request)
        if isinstance(body, dict) and (adapter := request.headers.get(_ADAPTER_HEADER)):
            body["model"] = adapter
        return await unless_disconnected(request, _answer_invocation(service, body))

    async def check_health(_: Request) -> Response:
        healthy = await service.inference.engine.is_healthy()
        return Response(status_code=200 if healthy else 503)

    routes = [
        _post(service, "/v1/chat/completions", ChatRequest, answer_chat),
        _post(service, "/v1/completions", CompletionRequest, answer_completion),
        _post(service, "/tokenize", TokenizeRequest, answer_tokenize),
        _post(service, "/detokenize", DetokenizeRequest, answer_detokenize),
        Route("/invocations", invoke, methods=["POST"]),
        Route("/ping", check_health, methods=["GET", "POST"]),
        Route("/health", check_health),
        Route("/v1/models", _get(lambda: respond_json(service.models.describe()))),
        Route("/version", _get(lambda: respond_json({"version": VLLM_VERSION}))),
        Route("/metrics", _get(lambda: Response(service.metrics.render(), headers={"content-type": CONTENT_TYPE}))),
    ]
    if settings.allow_runtime_lora_updating:
        routes += _list_adapter_routes(service)
    return Starlette(
        routes=[_protect(route, settings.api_keys) for route in routes],
        exception_handlers={
            ApiError: _respond_error,
            HTTPException: _respond_http_error,
            ClientDisconnect: _respond_to_nobody,
            Exception: _respond_failure,
        },
        middleware=[
            Middleware(CORSMiddleware, allow_origins=settings.allowed_origins, allow_methods=["*"], allow_headers=["*"])
        ],
    )


def _list_adapter_routes(service: Service) -> list[Route]:
    async def unregister(request: Request) -> Response:
        return await answer_unregister(service, request.path_params["name"])

    return [
        _post(service, "/v1/load_lora_adapter", LoadAdapterRequest, answer_load),
        _post(service, "/v1/unload_lora_adapter", UnloadAdapterRequest, answer_unload),
        _post(service, "/adapters", RegisterAdapterRequest, answer_register),
        Route("/adapters/{name:path}", unregister, methods=["DELETE"]),
    ]


async def _answer_invocation(service: Service, body: Any) -> Response:
    """Answer the first of the forms that fits, as vLLM does."""
    try:
        return await answer_chat(service, ChatRequest.model_validate(body))
    except pydantic.ValidationError:
        pass
    try:
        completion = CompletionRequest.model_validate(body)
    except pydantic.ValidationError as error:
        message = (
            "Cannot find suitable handler for request. Expected one of: ['ChatCompletionRequest', 'CompletionRequest']"
        )
        raise _NoHandlerError(message) from error
    return await answer_completion(service, completion)


class _NoHandlerError(ApiError):
    """A body of /invocations that is of no form."""

    status, error_type = 400, "BadRequestError"


def _post(service: Service, path: str, kind: type[T], answer: Answer[T]) -> Route:
    async def respond(request: Request) -> Response:
        body = await _read_json(request)
        try:
            read = kind.model_validate(body)
        except pydantic.ValidationError as error:
            raise InvalidBodyError(_describe_errors(error)) from error
        return await unless_disconnected(request, answer(service, read))

    return Route(path, respond, methods=["POST"])


def _get(answer: Callable[[], Response]) -> Callable[[Request], Awaitable[Response]]:
    async def respond(_: Request) -> Response:
        return answer()

    return respond


def _protect(route: Route, api_keys: Sequence[str]) -> Route:
    """Ask for a key where vLLM does: below /v1."""
    if not api_keys or not route.path.startswith("/v1"):
        return route
    respond = route.endpoint

    async def check(request: Request) -> Response:
        given = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
        if not any(secrets.compare_digest(given, key.encode()) for key in api_keys):
            return respond_json({"error": "Unauthorized"}, status=401)
        answer: Response = await respond(request)
        return answer

    return Route(route.path, check, methods=sorted(route.methods or {"GET"}))


async def _read_json(request: Request) -> Any:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "Unsupported Media Type: Only 'application/json' is allowed")
    content = await request.body()
    try:
        body = json.loads(content.decode())
        if b"\\u" in content:
            json.dumps(body, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        raise InvalidBodyError(f"JSON decode error: {error}") from error
    return body


def _describe_errors(error: pydantic.ValidationError) -> str:
    """Return what does not fit; where it stands begins with `body`, as in vLLM's web framework."""
    errors = error.errors(include_url=False, include_context=False)
    return str([{**entry, "loc": ("body", *entry["loc"])} for entry in errors])


async def _respond_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101  registered for this type only
    return respond_json(error.describe(), status=error.status)


async def _respond_http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  registered for this type only
    body = describe_error(error.detail, kind=HTTPStatus(error.status_code).phrase, status=error.status_code)
    return respond_json(body, status=error.status_code, headers=error.headers)


async def _respond_failure(_: Request, error: Exception) -> Response:
    return respond_json(InternalServerError(f"{type(error).__name__}: {error}").describe(), status=500)


async def _respond_to_nobody(_: Request, __: Exception) -> Response:
    """The client has left; what is answered is only seen in a log."""
    return Response(status_code=499)
