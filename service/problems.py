"""What an error becomes for the caller: the one table, and RFC 9457 problem documents made from it.

A message reaches the caller only from errors that are written for callers; every other row has words of its own. This
module does not know how a problem is sent (problem_responses.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from rag import errors as rag
from service import errors

_URN = "urn:llm-twin:problem:"
RETRY_WRITER_S = 15.0


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What a caller is told.

    Attributes:
        status: HTTP status.
        kind: what it is, for a program; the end of the document's `type`.
        title: the same for every problem of the kind.
        detail: about this one.
        retry_after_s: when the same request may succeed; None where it will not, or nobody knows.
        parameter: the field of the request that it is about; "" if none.
        invalid: every field that is wrong, with why.
    """

    status: int
    kind: str
    title: str
    detail: str
    retry_after_s: float | None = None
    parameter: str = ""
    invalid: Sequence[Mapping[str, str]] = field(default=())

    def document(self, request_id: str) -> dict[str, Any]:
        """Return the problem document of RFC 9457."""
        document: dict[str, Any] = {
            "type": _URN + self.kind,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "request_id": request_id,
        }
        if self.retry_after_s is not None:
            document["retry_after_s"] = self.retry_after_s
        if self.invalid:
            document["invalid"] = [dict(one) for one in self.invalid]
        return document


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Errors that mean the same to a caller. `detail` None: the error's own message is meant for callers."""

    errors: tuple[type[BaseException], ...]
    status: int
    kind: str
    title: str
    detail: str | None = None
    retry_after_s: float | None = None


# The first row that matches decides.
RULES: tuple[Rule, ...] = (
    Rule(errors=(errors.AuthenticationError,), status=401, kind="unauthenticated", title="An API key is needed"),
    Rule(errors=(errors.ForbiddenError,), status=403, kind="forbidden", title="The API key does not allow this"),
    Rule(
        errors=(errors.ForeignPageError,), status=403, kind="foreign-page", title="Requests from elsewhere are refused"
    ),
    Rule(errors=(errors.TooManyRequestsError,), status=429, kind="too-many-requests", title="Too many at once"),
    Rule(
        errors=(errors.UnsupportedMediaTypeError,), status=415, kind="unsupported-media-type", title="Cannot read that"
    ),
    Rule(errors=(errors.UnknownJobError,), status=404, kind="unknown-job", title="No such job"),
    Rule(errors=(errors.UnknownModelError,), status=404, kind="unknown-model", title="No such model"),
    Rule(
        errors=(errors.InvalidRequestError, rag.InvalidQuestionError, rag.InvalidFilterError),
        status=422,
        kind="invalid-request",
        title="The request is not valid",
    ),
    Rule(errors=(rag.DocumentTooLargeError,), status=413, kind="too-large", title="Too large"),
    Rule(errors=(rag.DocumentError,), status=422, kind="unreadable-document", title="The document cannot be read"),
    Rule(
        errors=(rag.StoreMissingError,),
        status=409,
        kind="nothing-ingested",
        title="There are no documents yet",
        detail="Nothing has been ingested yet. POST documents to /documents first.",
    ),
    Rule(
        errors=(rag.StoreLockedError,),
        status=409,
        kind="store-locked",
        title="The documents are being changed",
        detail="Another writer is at work on the documents. Reading goes on meanwhile.",
        retry_after_s=RETRY_WRITER_S,
    ),
    Rule(
        errors=(rag.StoreUnavailableError,),
        status=503,
        kind="store-unavailable",
        title="The documents cannot be reached",
        detail="The document store does not answer.",
        retry_after_s=RETRY_WRITER_S,
    ),
    Rule(
        errors=(rag.EmbedderChangedError,),
        status=503,
        kind="embedder-changed",
        title="The documents must be ingested again",
        detail="The documents were ingested with another embedder, so nothing can be found in them until they are "
        "ingested again.",
    ),
    Rule(
        errors=(rag.StoreError,),
        status=503,
        kind="store-damaged",
        title="The document store is damaged",
        detail="The document store cannot be read. Its operator must restore it or ingest again.",
    ),
    Rule(errors=(errors.ModelAsleepError,), status=503, kind="model-asleep", title="The model is waking up"),
    Rule(errors=(errors.ModelBusyError,), status=503, kind="model-busy", title="The model is busy"),
    Rule(
        errors=(rag.GeneratorUnavailableError,),
        status=503,
        kind="model-unreachable",
        title="The model cannot be reached",
    ),
    Rule(errors=(rag.GeneratorTimeoutError,), status=504, kind="model-timeout", title="The model took too long"),
    Rule(errors=(rag.PromptTooLongError,), status=422, kind="prompt-too-long", title="The prompt is too long"),
    Rule(errors=(errors.ModelRefusedError,), status=422, kind="model-refused", title="The model does not take this"),
    Rule(errors=(rag.GenerationError,), status=502, kind="model-failed", title="The model gave no whole answer"),
    # Nobody is there to read it; the status is nginx's, and only logs and metrics see it.
    Rule(
        errors=(ClientDisconnect,), status=499, kind="caller-left", title="The caller left", detail="The caller left."
    ),
    Rule(
        errors=(BaseException,),
        status=500,
        kind="internal",
        title="Something failed inside the service",
        detail="It is in the service's log, under this request's id.",
    ),
)


def problem_of(error: BaseException) -> Problem:
    """Return what a caller is told about an error."""
    if isinstance(error, RequestValidationError):
        return _validation(error)
    if isinstance(error, HTTPException):
        return _http(error)
    rule = next(rule for rule in RULES if isinstance(error, rule.errors))
    retry_after_s = getattr(error, "retry_after_s", None)
    return Problem(
        status=rule.status,
        kind=rule.kind,
        title=rule.title,
        detail=_sentence(str(error)) if rule.detail is None else rule.detail,
        retry_after_s=rule.retry_after_s if retry_after_s is None else retry_after_s,
        parameter=getattr(error, "parameter", ""),
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _validation(error: RequestValidationError) -> Problem:
    invalid = [{"field": _field(one["loc"]), "reason": str(one["msg"])} for one in error.errors()[:20]]
    told = "; ".join(f"{one['field']}: {one['reason']}" for one in invalid[:3])
    return Problem(
        status=422,
        kind="invalid-request",
        title="The request is not valid",
        detail=f"{told}.",
        parameter=invalid[0]["field"] if invalid else "",
        invalid=invalid,
    )


def _field(location: Sequence[object]) -> str:
    """Return the place of a value, as `query` or `filters.date_from`, without the part of the request it is in."""
    within = [str(part) for part in location if part not in ("body", "query", "path", "header")]
    return ".".join(within) if within else str(location[-1] if location else "body")


# Named apart from Python's phrases, which change with its versions.
_KINDS = {413: "too-large"}
_TITLES = {404: "No such page", 405: "Not that way", 408: "The request stopped coming", 413: "Too large"}
_DETAILS = {
    400: "The request cannot be read.",
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    408: "Nothing more came of the request's body.",
    413: "The request's body is larger than this address takes.",
}


def _http(error: HTTPException) -> Problem:
    phrase = HTTPStatus(error.status_code).phrase
    return Problem(
        status=error.status_code,
        kind=_KINDS.get(error.status_code, phrase.lower().replace(" ", "-")),
        title=_TITLES.get(error.status_code, phrase),
        detail=_DETAILS.get(error.status_code, phrase + "."),
    )
