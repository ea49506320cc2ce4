"""The knowledge that `twin ingest` fills and `twin search` and `twin ask --sources` read, opened in this process.

It is the service's own: the same settings (TWIN_SERVICE_*), the same store and embedder. Loading them takes a second or
two, so the commands import this module when they run.
"""

from contextlib import closing

import structlog

from service.knowledge import Knowledge
from service.settings import Settings


def open_knowledge(settings: Settings) -> closing[Knowledge]:
    """Open the store with its embedder; both are closed at the end of the `with` statement.

    Raises:
        ModelFileError: the embedder's or the reranker's files are not there.
    """
    # The service's log is for its operator; what a command has to say it says itself.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("error"))
    return closing(Knowledge(settings))
