"""GET /: the page, and its files below /page/."""

from pathlib import Path

from fastapi import APIRouter, HTTPException
from starlette.responses import FileResponse

FOLDER = Path(__file__).parent.parent / "page"
FILES = frozenset({"events.js", "exchange.js", "icon.svg", "page.css", "page.js"})

router = APIRouter(include_in_schema=False)

# Browsers ask whether the files are still the same: a new deployment shows at once, whole.
_CACHE = {"Cache-Control": "no-cache"}


@router.get("/")
async def page() -> FileResponse:
    """Show the page."""
    return FileResponse(FOLDER / "index.html", headers=_CACHE)


@router.get("/page/{name}")
async def page_file(name: str) -> FileResponse:
    """Return one of the page's files."""
    if name not in FILES:
        raise HTTPException(404)
    return FileResponse(FOLDER / name, headers=_CACHE)
