"""The knowledge that `twin ingest` fills and `twin search` and `twin ask --sources` read, opened in this process.

It is the service's own: the same settings (TWIN_SERVICE_*), the same store and embedder. Loading them takes a second or
two, so the commands import this module when they run.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import structlog

from service.knowledge import Knowledge
from service.settings import Settings


@contextmanager
def open_knowledge(settings: Settings) -> Iterator[Knowledge]:
    """Open the store with its embedder; both are closed at the end of the `with` statement.

    Raises:
        ModelFileError: the embedder's or the reranker's files are not there.
    """
    with _service_log_at_errors(), closing(Knowledge(settings)) as knowledge:
        yield knowledge


@contextmanager
def _service_log_at_errors() -> Iterator[None]:
    """Keep the service's log to errors: it is for its operator, and what a command has to say it says itself."""
    before = structlog.get_config()["wrapper_class"]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("error"))
    try:
        yield
    finally:
        structlog.configure(wrapper_class=before)
