"""Problems as HTTP answers: RFC 9457 documents, and OpenAI's error shape below /v1/.

What is not the caller's doing is logged here with its traceback, once.
"""

import math
from collections.abc import Collection, Mapping
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.errors import RagError
from service.errors import ServiceError
from service.problems import Problem, problem_of
from service.request_record import CURRENT

PROBLEM_MEDIA_TYPE = "application/problem+json"
OPENAI_PREFIX = "/v1/"

_OPENAI_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
_OPENAI_CODES = {
    "unauthenticated": "invalid_api_key",
    "unknown-model": "model_not_found",
    "prompt-too-long": "context_length_exceeded",
    "too-many-requests": "rate_limit_exceeded",
}


def note_problem(error: BaseException) -> Problem:
    """Return an error's problem, and write it into the request's record and, if it is our fault, into the log."""
    problem = problem_of(error)
    record = CURRENT.get()
    if record:
        record.problem = problem.kind
    if problem.status >= 500:
        log = structlog.get_logger(__name__)
        if problem.kind == "internal":
            log.error("request_failed", kind=type(error).__name__, exc_info=error)
        else:
            log.warning("request_failed", kind=type(error).__name__, message=str(error))
    return problem


def current_document(problem: Problem) -> dict[str, Any]:
    """Return a problem's document for the request that is being served."""
    record = CURRENT.get()
    return problem.document(record.request_id if record else "")


def openai_document(problem: Problem) -> dict[str, Any]:
    """Return a problem in the shape that OpenAI's clients read."""
    status = openai_status(problem)
    fallback = "server_error" if status >= 500 else "invalid_request_error"
    return {
        "error": {
            "message": f"{problem.title}. {problem.detail}",
            "type": _OPENAI_TYPES.get(status, fallback),
            "param": problem.parameter or None,
            "code": _OPENAI_CODES.get(problem.kind, problem.kind.replace("-", "_")),
        }
    }


def openai_status(problem: Problem) -> int:
    """Return the status that OpenAI's API gives: what is wrong with a request is a 400 there."""
    return 400 if problem.status == 422 else problem.status


def respond(request: Request, problem: Problem) -> Response:
    """Return the answer that tells a caller about a problem."""
    headers = {}
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(math.ceil(problem.retry_after_s))
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="llm-twin"'
    if request.url.path.startswith(OPENAI_PREFIX):
        return JSONResponse(openai_document(problem), status_code=openai_status(problem), headers=headers)
    return JSONResponse(
        current_document(problem), status_code=problem.status, headers=headers, media_type=PROBLEM_MEDIA_TYPE
    )


def add_problem_handlers(app: FastAPI, *, methods: Mapping[str, Collection[str]]) -> None:
    """Have every error of an application told as a problem.

    Args:
        app: whose errors.
        methods: what each path takes. A 405 must say it, and Starlette knows only the first route of a path.
    """

    async def handle(request: Request, error: Exception) -> Response:
        response = respond(request, note_problem(error))
        if isinstance(error, HTTPException):
            response.headers.update(error.headers or {})
            if error.status_code == 405:
                path = getattr(request.scope.get("route"), "path", "")
                response.headers["Allow"] = ", ".join(sorted(methods.get(path, ())))
        return response

    for kind in (RequestValidationError, HTTPException, ServiceError, RagError, ClientDisconnect):
        app.add_exception_handler(kind, handle)


class UnexpectedErrors:
    """Wraps an application: what nobody foresaw becomes a problem, too, while the request's record is still there.

    Args:
        app: what may fail.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        has_begun = False

        async def send_watched(message: Message) -> None:
            nonlocal has_begun
            has_begun = has_begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_watched)
        except Exception as error:
            if scope["type"] != "http" or has_begun:
                raise
            await respond(Request(scope), note_problem(error))(scope, receive, send)
