"""GET, POST and DELETE /documents, and the jobs that changes are: in the background, one after the other."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from rag.document import Metadata
from rag.errors import StoreMissingError
from rag.filters import Facets
from service.callers import may_ask, may_write
from service.jobs import Job, new_job_id, wait_for
from service.routers.dependencies import Shared, problems
from service.spool import JobKind
from service.uploads import JSON_LINES, MULTIPART, receive_upload
from service.wire.documents import DocumentsOut, JobOut, JobsOut
from service.wire.shared import FiltersIn

PATH = "/documents"

router = APIRouter(prefix=PATH, tags=["documents"])

WaitS = Annotated[
    float, Query(ge=0, le=60, description="How many seconds to wait for the job's end: 200 if it came, else 202.")
]
_LABEL = {"type": "string", "maxLength": 512}
_RECORD = '{"id": "a", "text": "…", "title": "…", "author": "…", "category": "post", "link": "…", "date": "2026-05-31"}'
_UPLOAD_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        MULTIPART: {
            "schema": {
                "type": "object",
                "required": ["files"],
                "additionalProperties": False,
                "properties": {
                    "files": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "string", "format": "binary"},
                        "description": "The documents. A file's name is its identity; `.jsonl` holds records.",
                    },
                    **dict.fromkeys(("title", "author", "category", "link"), _LABEL),
                    "date": {"type": "string", "format": "date"},
                },
            }
        },
        **{kind: {"schema": {"type": "string"}, "example": _RECORD} for kind in JSON_LINES},
    },
}
_ACCEPTED: dict[int | str, dict[str, Any]] = {
    200: {"description": "The job has ended; its state says how."},
    202: {"description": "The job was accepted and goes on; ask at Location.", "model": JobOut},
}


@router.get("", dependencies=[Depends(may_ask)], responses=problems(401, 403, 422, 503))
async def list_documents(
    state: Shared,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    author: Annotated[str | None, Query(min_length=1, max_length=512)] = None,
    category: Annotated[str | None, Query(min_length=1, max_length=512)] = None,
) -> DocumentsOut:
    """List stored documents, in the order of their identities."""
    filters = FiltersIn(author=author, category=category).as_filters()
    entries = await state.store.documents(limit=limit, offset=offset, filters=filters)
    size = await state.store.size()
    try:
        facets = await state.store.facets()
    except StoreMissingError:
        facets = Facets()
    return DocumentsOut.of(entries, size=size, facets=facets)


@router.post(
    "",
    dependencies=[Depends(may_write)],
    status_code=202,
    openapi_extra={"requestBody": _UPLOAD_BODY},
    responses={**_ACCEPTED, **problems(401, 403, 408, 415, 422, 429)},
)
async def add_documents(request: Request, response: Response, state: Shared, wait_s: WaitS = 0.0) -> JobOut:
    """Take documents in: new ones, and changed ones in the place of what they were. Unchanged ones cost nothing."""
    state.jobs.check_room()
    job_id = new_job_id()
    folder = await asyncio.to_thread(state.jobs.spool.begin, job_id)
    try:
        sources, defaults = await receive_upload(request, folder, max_files=state.settings.max_upload_files)
        # Others may have come while the body was read.
        state.jobs.check_room()
        job = await state.jobs.submit(job_id, kind=JobKind.INGEST, sources=sources, defaults=defaults)
    except BaseException:
        await asyncio.shield(asyncio.to_thread(state.jobs.spool.discard, job_id))
        raise
    return await _tell(job, response, wait_s)


@router.delete(
    "",
    dependencies=[Depends(may_write)],
    status_code=202,
    responses={**_ACCEPTED, **problems(401, 403, 422, 429)},
)
async def remove_documents(
    response: Response,
    state: Shared,
    document: Annotated[
        list[Annotated[str, Query(min_length=1, max_length=1024)]], Query(min_length=1, max_length=100)
    ],
    wait_s: WaitS = 0.0,
) -> JobOut:
    """Remove documents by their identities; one that is not stored is reported as rejected, and the others go."""
    state.jobs.check_room()
    job = await state.jobs.submit(new_job_id(), kind=JobKind.REMOVE, sources=tuple(document), defaults=Metadata())
    return await _tell(job, response, wait_s)


@router.get("/jobs", dependencies=[Depends(may_ask)], responses=problems(401, 403))
async def list_jobs(state: Shared) -> JobsOut:
    """List the changes that are remembered, newest first."""
    return JobsOut(jobs=[JobOut.of(job) for job in state.jobs.latest()])


@router.get("/jobs/{job_id}", dependencies=[Depends(may_ask)], responses=problems(401, 403, 404, 422))
async def show_job(job_id: str, state: Shared, wait_s: WaitS = 0.0) -> JobOut:
    """Say how far a change is, and, once it is done, what became of each document."""
    job = state.jobs.find(job_id)
    await wait_for(job, wait_s=wait_s)
    return JobOut.of(job)


async def _tell(job: Job, response: Response, wait_s: float) -> JobOut:
    response.headers["Location"] = f"/documents/jobs/{job.order.id}"
    if await wait_for(job, wait_s=wait_s):
        response.status_code = 200
    return JobOut.of(job)
