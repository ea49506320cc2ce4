"""The OpenAPI description beyond what FastAPI derives: problems are a media type, and streams have events."""

from typing import Any

from fastapi import FastAPI

from service.problem_responses import OPENAI_PREFIX
from service.wire.shared import ProblemOut

DESCRIPTION = """Answers questions in the author's voice, from what the author has written, with sources.

`POST /rag` answers in one piece, `POST /rag/stream` as it is made, and `/v1/chat/completions` as OpenAI's clients
expect it. Errors are problem documents (RFC 9457), below `/v1/` OpenAI's error objects. Every answer has an
`X-Request-ID`; one that is sent is kept.
"""


def complete_description(app: FastAPI) -> None:
    """Have the description of an application define what its problem answers refer to."""
    derive = app.openapi

    def describe() -> dict[str, Any]:
        description = derive()
        schemas = description.setdefault("components", {}).setdefault("schemas", {})
        schema = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas["ProblemOut"] = schema
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        for path, operations in description["paths"].items():
            for operation in operations.values():
                _correct(operation["responses"], is_openai=path.startswith(OPENAI_PREFIX))
        return description

    app.openapi = describe  # type: ignore[method-assign]  # FastAPI's documented way to extend the description


def _correct(answers: dict[str, Any], *, is_openai: bool) -> None:
    """Take out what FastAPI supposes and is not so here."""
    if is_openai:
        # What is wrong with a request is a 400 there.
        answers.pop("422", None)
    for answer in answers.values():
        stream = answer.get("content", {}).get("text/event-stream", {})
        if "itemSchema" in stream:
            # The stream as a whole is no value; its events are.
            stream.pop("schema", None)
