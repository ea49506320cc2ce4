"""Logs: one JSON object a line, on standard output, with the request's id. No caller's words are in them by default."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from service.request_record import CURRENT

# They say at INFO what our own line about a request already says, or would say it about the endpoint.
_QUIET = ("uvicorn.access", "httpx", "httpx2", "httpcore", "botocore", "boto3", "urllib3", "python_multipart")


def configure_logs(level: str) -> None:
    """Send everything that is logged in this process, by whatever library, through one JSON formatter."""
    shared: list[structlog.typing.Processor] = [
        _add_request,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _add_request(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    record = CURRENT.get()
    if record:
        event.setdefault("request_id", record.request_id)
        if record.caller:
            event.setdefault("caller", record.caller)
    return event
