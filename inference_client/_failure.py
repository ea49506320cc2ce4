"""What the wire says about a failure, whoever carried it, as one value: :class:`Failure`.

An HTTP status, an exception frame in an event stream, or an event in the engine's own stream under status 200: all are
described alike here, so that a request which the engine refuses raises the same error streamed or not, blocking or not.
Which error that is, is decided in ``_error_rules.py``.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .errors import UnexpectedAnswerError


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What was said about a failure, whoever carried it.

    Attributes:
        code: the error code of AWS, as ``ValidationError``; ``ModelError`` for what the engine says.
        reason: ModelStreamError's ErrorCode, or the engine's error_type.
        status: the HTTP status that decides: the engine's own where there is one.
    """

    code: str = ""
    reason: str = ""
    message: str = ""
    status: int | None = None
    request_id: str | None = None
    log_stream_arn: str | None = None


class FailureReportedError(Exception):
    """A decoder met a failure. It never leaves the library: who knows the target turns it into an error of the tree."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


# TGI's statuses by error_type; in a stream only the type arrives.
_STATUS_OF_TYPE = {
    "validation": 422,
    "template_error": 422,
    "tool_error": 422,
    "generation": 424,
    "overloaded": 429,
    "incomplete_generation": 500,
    "incomplete_generation_stream": 500,
    "stream_serialization_error": 500,
}


def engine_failure(body: object, *, status: int | None = None) -> Failure | None:
    """Read an engine's error document; None if ``body`` is none.

    TGI: ``{"error": str, "error_type": str}``; its chat stream: ``{"error": {"message", "http_status_code"}}``; vLLM:
    ``{"error": {"message", "type", "code"}}``, older ``{"object": "error", "message", "type", "code"}``.
    """
    if not isinstance(body, dict):
        return None
    error: Any = body if body.get("object") == "error" else body.get("error")
    if isinstance(error, str):
        kind = str(body.get("error_type") or "")
        return Failure(code="ModelError", reason=kind, message=error, status=status or _STATUS_OF_TYPE.get(kind, 500))
    if isinstance(error, Mapping):
        code = error.get("http_status_code") or error.get("code")
        kind = str(error.get("error_type") or error.get("type") or "")
        return Failure(
            code="ModelError",
            reason=kind,
            message=str(error.get("message") or ""),
            status=status or (code if isinstance(code, int) else 500),
        )
    return None


_WRAPPED = re.compile(
    r'received (?:client|server) error \((\d+)\) from \S+ with message "(.*)"\. See', re.IGNORECASE | re.DOTALL
)


def failure_from_response(response: Mapping[str, Any]) -> Failure:
    """Describe botocore's parsed error response, with a ModelError unwrapped to what the engine said."""
    error: Mapping[str, Any] = response.get("Error", {})
    metadata: Mapping[str, Any] = response.get("ResponseMetadata", {})
    failure = Failure(
        code=str(error.get("Code") or ""),
        message=str(error.get("Message") or ""),
        status=metadata.get("HTTPStatusCode"),
        request_id=metadata.get("RequestId"),
        log_stream_arn=response.get("LogStreamArn") or None,
    )
    if failure.code != "ModelError":
        return failure
    original = response.get("OriginalMessage")
    status = response.get("OriginalStatusCode")
    wrapped = _WRAPPED.search(failure.message)
    if wrapped:
        original = original or wrapped[2]
        status = int(wrapped[1]) if status is None else status
    said = str(original or failure.message)
    try:
        inner = engine_failure(json.loads(said), status=status or None)
    except ValueError:
        # A framework's rejection is plain text: never assume JSON.
        inner = None
    if inner is None:
        return replace(failure, message=said, status=status or failure.status)
    return replace(failure, message=inner.message, reason=inner.reason, status=inner.status)


def unexpected_answer(body: bytes | str, *, expected: str) -> UnexpectedAnswerError:
    """Say what came instead of ``expected``; the beginning of ``body`` is in the message."""
    text = body.decode("utf-8", errors="replace") if isinstance(body, bytes) else body
    beginning = text[:200] + ("…" if len(text) > 200 else "")
    return UnexpectedAnswerError(
        f"Expected {expected} and got {beginning!r}. Is the engine behind the endpoint TGI or one that speaks its API?"
    )
