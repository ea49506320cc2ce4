"""A LogSink in moto's CloudWatch Logs, where `aws logs filter-log-events` finds the lines.

It keeps the newest lines of a stream only: a local AWS runs for days in memory. The container's file has them all.
"""

import logging
import threading
from collections.abc import Sequence

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import LogsBackend, logs_backends

_MAX_EVENTS_PER_STREAM = 10_000

_logger = logging.getLogger(__name__)


class CloudWatchLogs:
    """The log groups of one account in one region."""

    def __init__(self, *, account_id: str, region: str) -> None:
        self._account_id = account_id
        self._region = region
        self._lock = threading.Lock()

    def write(self, *, group: str, stream: str, lines: Sequence[str], time_ms: int) -> None:
        """Append lines; group and stream are made when they are not there, as when a user deleted them."""
        events = [{"timestamp": time_ms, "message": line} for line in lines]
        try:
            with self._lock:
                backend = logs_backends[self._account_id][self._region]
                backend.ensure_log_group(group)
                backend.ensure_log_stream(group, stream)
                backend.put_log_events(group, stream, events)
                _drop_oldest(backend, group, stream)
        except ResourceNotFoundException:  # deleted by a user between two of the calls: the next lines make it again
            _logger.debug("log group %s went away while it was written to", group)


def _drop_oldest(backend: LogsBackend, group: str, stream: str) -> None:
    events = backend.groups[group].streams[stream].events
    if len(events) > _MAX_EVENTS_PER_STREAM:
        del events[: len(events) - _MAX_EVENTS_PER_STREAM]
