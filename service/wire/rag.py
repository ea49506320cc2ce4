"""POST /rag and POST /rag/stream: a question in, an answer with its sources out."""

from typing import Any

from pydantic import BaseModel, Field

from rag.answer import Answer
from rag.packing import Source
from service.wire.shared import (
    FiltersIn,
    FiltersOut,
    Label,
    PassageCount,
    PassageOut,
    Question,
    WireModel,
    passage_values,
)


class RagRequest(WireModel):
    """A question."""

    query: Question
    k: PassageCount | None = Field(
        default=None, description="How many passages to retrieve; the service's own default."
    )
    filters: FiltersIn = Field(default_factory=FiltersIn)
    adapter: Label | None = Field(
        default=None,
        description="The LoRA adapter of the endpoint that writes the answer; the base model where none is named.",
    )
    max_new_tokens: int | None = Field(
        default=None, ge=1, le=8192, description="Of the answer; the service's own bound holds beside it."
    )


class SourceOut(PassageOut):
    """A passage that was in the prompt."""

    number: int = Field(description="What a citation of it says, as in `[1]`.")

    @classmethod
    def of_source(cls, source: Source) -> "SourceOut":
        """Return a source as it is shown."""
        return cls(number=source.number, **passage_values(source.retrieved))


class UsageOut(BaseModel):
    """Tokens that the model counted; null where it did not say."""

    input_tokens: int | None
    output_tokens: int | None


class RagAnswer(BaseModel):
    """An answer and what it is made from."""

    answer: str
    sources: list[SourceOut] = Field(description="The passages that were in the prompt, by number.")
    cited: list[int] = Field(
        description="Numbers of the sources that the answer cites, in the order of first citation."
    )
    finish_reason: str = Field(
        description="`stop`, `length` (cut at the token limit) or `nothing_found` (the model was not asked)."
    )
    usage: UsageOut
    timings_ms: dict[str, float] = Field(description="How long each stage took.")
    notes: list[str] = Field(
        description="What a person should know: a stage that was skipped, a filter that was dropped."
    )
    filters: FiltersOut
    expansions: list[str] = Field(description="Other wordings that were searched for.")
    request_id: str

    @classmethod
    def of(cls, answer: Answer, *, request_id: str) -> "RagAnswer":
        """Return rag's answer as it is shown."""
        return cls(
            answer=answer.text,
            sources=[SourceOut.of_source(source) for source in answer.sources],
            cited=list(answer.cited),
            finish_reason=answer.finish_reason,
            usage=UsageOut(input_tokens=answer.usage.input_tokens, output_tokens=answer.usage.output_tokens),
            timings_ms=dict(answer.timings_ms),
            notes=list(answer.notes),
            filters=FiltersOut.of(answer.filters),
            expansions=list(answer.expansions),
            request_id=request_id,
        )


def sources_document(sources: tuple[Source, ...]) -> list[dict[str, Any]]:
    """Return sources as the JSON of a `sources` event."""
    return [SourceOut.of_source(source).model_dump(mode="json") for source in sources]
