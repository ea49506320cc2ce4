"""What several routes read or write: filters, passages, problems."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from rag.filters import Filters
from rag.passage import Passage, RetrievedPassage
from rag.retrieval import MAX_QUESTION_CHARACTERS

Label = Annotated[str, Field(min_length=1, max_length=512)]
Question = Annotated[
    str,
    Field(
        min_length=1, max_length=MAX_QUESTION_CHARACTERS, pattern=r"\S", examples=["How does the twin scale to zero?"]
    ),
]
PassageCount = Annotated[int, Field(ge=1, le=50, description="How many passages to retrieve.")]


def _only_text(value: object) -> object:
    """Keep pydantic from taking a number for seconds since 1970."""
    if not isinstance(value, str):
        raise ValueError("a date is written as text, as 2026-05-31")  # noqa: TRY004 - what pydantic reports
    return value


Day = Annotated[date, BeforeValidator(_only_text)]


class WireModel(BaseModel):
    """What a caller sends: a field that is not known is a slip, and refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FiltersIn(WireModel):
    """Which documents to look at; every given condition must hold, dates are inclusive."""

    author: Label | None = None
    category: Label | None = None
    date_from: Day | None = None
    date_to: Day | None = None

    def as_filters(self) -> Filters:
        """Return them as rag's.

        Raises:
            InvalidFilterError: the range of dates is empty.
        """
        return Filters(author=self.author, category=self.category, date_from=self.date_from, date_to=self.date_to)


class FiltersOut(BaseModel):
    """The filters that held in the end."""

    author: str | None
    category: str | None
    date_from: date | None
    date_to: date | None

    @classmethod
    def of(cls, filters: Filters) -> "FiltersOut":
        """Return rag's filters as they are shown."""
        return cls(
            author=filters.author, category=filters.category, date_from=filters.date_from, date_to=filters.date_to
        )


class PassageOut(BaseModel):
    """A passage that was retrieved, with where it stands and how it was found."""

    id: str
    document: str = Field(description="The document's identity.")
    position: int = Field(description="The passage's place in its document, from 0.")
    passages: int = Field(description="How many passages the document has.")
    title: str
    author: str
    category: str
    link: str
    date: date | None
    heading: str = Field(description="Title and section path.")
    text: str
    score: float = Field(description="What it was ranked by; only the order means anything.")
    similarity: float = Field(description="Cosine similarity to the question, -1 to 1.")
    lexical: float = Field(description="BM25 score of the question; 0 where no word matched.")

    @classmethod
    def of(cls, retrieved: RetrievedPassage) -> "PassageOut":
        """Return a retrieved passage as it is shown."""
        return cls(**passage_values(retrieved))


def passage_values(retrieved: RetrievedPassage) -> dict[str, Any]:
    """Return the values of a PassageOut."""
    passage: Passage = retrieved.passage
    return {
        "id": passage.id,
        "document": passage.source,
        "position": passage.position,
        "passages": passage.passages,
        "title": passage.metadata.title,
        "author": passage.metadata.author,
        "category": passage.metadata.category,
        "link": passage.metadata.link,
        "date": passage.metadata.date,
        "heading": passage.heading,
        "text": passage.text,
        "score": retrieved.score,
        "similarity": retrieved.similarity,
        "lexical": retrieved.lexical,
    }


class InvalidField(BaseModel):
    """One field of a request that is wrong."""

    field: str
    reason: str


class ProblemOut(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = Field(examples=["urn:llm-twin:problem:model-asleep"])
    title: str = Field(examples=["The model is waking up"])
    status: int = Field(examples=[503])
    detail: str = Field(examples=["The model had no running copy and is being started. Ask again in about a minute."])
    request_id: str
    retry_after_s: float | None = Field(default=None, description="When the same request may succeed.")
    invalid: list[InvalidField] = Field(default=[], description="Every field that is wrong.")
