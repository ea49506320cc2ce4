"""GET, POST and DELETE /documents: what is stored, and the jobs that change it."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from rag.filters import Facets
from rag.outcome import DocumentOutcome, Outcome
from rag.protocols import DocumentEntry, StoreSize
from service.jobs import Job, JobState
from service.spool import JobKind

_SHOWN_OUTCOMES = 1000


class DocumentOut(BaseModel):
    """A stored document."""

    document: str = Field(description="Its identity.")
    title: str
    author: str
    category: str
    link: str
    date: date | None
    passages: int
    content_hash: str
    ingested_at: datetime

    @classmethod
    def of(cls, entry: DocumentEntry) -> "DocumentOut":
        """Return a stored document as it is shown."""
        return cls(
            document=entry.source,
            title=entry.metadata.title,
            author=entry.metadata.author,
            category=entry.metadata.category,
            link=entry.metadata.link,
            date=entry.metadata.date,
            passages=entry.passages,
            content_hash=entry.content_hash,
            ingested_at=entry.ingested_at,
        )


class DocumentsOut(BaseModel):
    """A page of the stored documents, in the order of their identities, and what the whole store holds."""

    documents: list[DocumentOut]
    total_documents: int
    total_passages: int
    authors: list[str] = Field(description="Values that the filter `author` can have.")
    categories: list[str] = Field(description="Values that the filter `category` can have.")

    @classmethod
    def of(cls, entries: list[DocumentEntry], *, size: StoreSize, facets: Facets) -> "DocumentsOut":
        """Return a page of documents as it is shown."""
        return cls(
            documents=[DocumentOut.of(entry) for entry in entries],
            total_documents=size.documents,
            total_passages=size.passages,
            authors=list(facets.authors),
            categories=list(facets.categories),
        )


class OutcomeOut(BaseModel):
    """What became of one document."""

    document: str
    outcome: Outcome
    passages: int
    reason: str

    @classmethod
    def of(cls, outcome: DocumentOutcome) -> "OutcomeOut":
        """Return one document's fate as it is shown."""
        return cls(document=outcome.source, outcome=outcome.outcome, passages=outcome.passages, reason=outcome.reason)


class JobProblem(BaseModel):
    """Why a job failed, or why it has to wait."""

    type: str
    title: str
    detail: str


class JobOut(BaseModel):
    """A change of the documents."""

    id: str
    kind: JobKind
    state: JobState
    submitted_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    documents_done: int
    documents_total: int | None = Field(description="Null while it is not known.")
    passages_embedded: int
    counts: dict[Outcome, int] = Field(description="How many documents met each fate, once it is done.")
    outcomes: list[OutcomeOut] = Field(
        description=f"What became of each document, once it is done: the first {_SHOWN_OUTCOMES}, rejected ones first."
    )
    problem: JobProblem | None

    @classmethod
    def of(cls, job: Job) -> "JobOut":
        """Return a job as it is shown."""
        report, progress = job.report, job.progress
        outcomes = sorted(report.outcomes, key=lambda one: one.outcome is not Outcome.REJECTED) if report else []
        return cls(
            id=job.order.id,
            kind=job.order.kind,
            state=job.state,
            submitted_at=job.order.submitted_at,
            started_at=job.started_at,
            finished_at=job.finished_at,
            documents_done=len(outcomes) if report else (progress.documents_done if progress else 0),
            documents_total=len(outcomes) if report else (progress.documents_total if progress else None),
            passages_embedded=report.passages_embedded if report else (progress.passages_embedded if progress else 0),
            counts=report.counts() if report else {},
            outcomes=[OutcomeOut.of(one) for one in outcomes[:_SHOWN_OUTCOMES]],
            problem=(
                JobProblem(type=job.problem.kind, title=job.problem.title, detail=job.problem.detail)
                if job.problem
                else None
            ),
        )


class JobsOut(BaseModel):
    """The jobs that are remembered, newest first."""

    jobs: list[JobOut]
