"""What routes ask for: what all requests share, places, and how their answers may end."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Request

from service.lifespan import ServiceState
from service.problem_responses import PROBLEM_MEDIA_TYPE
from service.wire.openai import OpenAIErrorOut

Answers = dict[int | str, dict[str, Any]]


async def shared_state(request: Request) -> ServiceState:
    """Return what all requests share."""
    state: ServiceState = request.state.service
    return state


Shared = Annotated[ServiceState, Depends(shared_state)]


async def place_for_answer(state: Shared) -> AsyncIterator[None]:
    """Hold a place for an answer until the last byte of it is sent."""
    with state.answers.enter():
        yield


async def place_for_search(state: Shared) -> AsyncIterator[None]:
    """Hold a place for a search."""
    with state.searches.enter():
        yield


AnswerPlace = Depends(place_for_answer, scope="request")
SearchPlace = Depends(place_for_search, scope="request")

_MEANINGS = {
    400: "The request cannot be read.",
    401: "There is no API key, or it is not known.",
    403: "The API key does not allow this.",
    404: "There is no such thing.",
    408: "The request stopped coming.",
    409: "The documents are not in the state for this: none are there yet, or another writer is at work.",
    413: "The request is larger than is taken.",
    415: "The body is of a kind that is not read here.",
    422: "The request is not valid.",
    429: "As many as are admitted are at work; see Retry-After.",
    500: "Something failed inside the service; the log has it under the request's id.",
    502: "The model gave no whole answer.",
    503: "The model or the documents cannot be reached now: the model is waking up, say; see Retry-After.",
    504: "The model took too long.",
}


def problems(*statuses: int) -> Answers:
    """Return what the OpenAPI description says about a route's problem documents."""
    # Every route has these: a body may be larger than is taken, even where none is read.
    every = sorted({400, 413, 500, *statuses})
    content = {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
    return {status: {"description": _MEANINGS[status], "content": content} for status in every}


def openai_problems(*statuses: int) -> Answers:
    """Return what the OpenAPI description says about a route's errors in OpenAI's shape."""
    return {
        status: {"description": _MEANINGS[status], "model": OpenAIErrorOut}
        for status in sorted({400, 413, 500, *statuses})
    }
