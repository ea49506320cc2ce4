"""POST /search: a query in, passages out; no LLM."""

from pydantic import BaseModel, Field

from rag.retrieval import Retrieval
from service.wire.shared import FiltersIn, FiltersOut, PassageCount, PassageOut, Question, WireModel


class SearchRequest(WireModel):
    """A query."""

    query: Question
    k: PassageCount = 10
    filters: FiltersIn = Field(default_factory=FiltersIn)


class SearchAnswer(BaseModel):
    """Passages, best first."""

    passages: list[PassageOut]
    is_found: bool = Field(description="Whether anything comes near enough to the query to be an answer's ground.")
    filters: FiltersOut
    timings_ms: dict[str, float]
    notes: list[str]

    @classmethod
    def of(cls, retrieval: Retrieval, *, timings_ms: dict[str, float]) -> "SearchAnswer":
        """Return what was retrieved as it is shown."""
        return cls(
            passages=[PassageOut.of(retrieved) for retrieved in retrieval.passages],
            is_found=retrieval.is_found,
            filters=FiltersOut.of(retrieval.filters),
            timings_ms=timings_ms,
            notes=list(retrieval.notes),
        )
