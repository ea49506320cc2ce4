"""POST /search: passages, best first. No LLM is asked, so it works while the model sleeps."""

from fastapi import APIRouter, Depends, Request

from rag.timing import Timings
from service.callers import may_ask
from service.disconnect import unless_left
from service.routers.dependencies import SearchPlace, Shared, problems
from service.wire.search import SearchAnswer, SearchRequest

router = APIRouter(tags=["search"], dependencies=[Depends(may_ask), SearchPlace])


@router.post("/search", responses=problems(401, 403, 408, 409, 422, 429, 503))
async def search(asked: SearchRequest, request: Request, state: Shared) -> SearchAnswer:
    """Find passages by meaning and by word."""
    timings = Timings()
    found = await unless_left(
        request,
        state.retriever.retrieve(asked.query, k=asked.k, filters=asked.filters.as_filters(), timings=timings),
    )
    return SearchAnswer.of(found, timings_ms=timings.as_ms())
