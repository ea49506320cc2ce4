"""Log lines on stderr, as TGI's launcher writes them: text, or JSON when JSON_OUTPUT is set."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Final

_LEVELS: Final = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warn": logging.WARNING,
    "error": logging.ERROR,
}


class TextFormatter(logging.Formatter):
    """`2026-01-31T12:00:00.123456Z  INFO text_generation_router: message`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line; a traceback follows it."""
        record.message = record.getMessage()
        line = f"{_timestamp(record)} {_level(record):>5} {record.name}: {record.message}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """`{"timestamp": …, "level": …, "fields": {"message": …}, "target": …}`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        fields = {"message": record.getMessage()}
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        line = {"timestamp": _timestamp(record), "level": _level(record), "fields": fields, "target": record.name}
        return json.dumps(line, ensure_ascii=False)


def configure_logging(*, level: str, json_output: bool) -> None:
    """Send the log to stderr.

    Args:
        level: trace, debug, info, warn or error.
        json_output: one JSON object a line.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if json_output else TextFormatter())
    logging.basicConfig(level=_LEVELS[level], handlers=[handler], force=True)


def _timestamp(record: logging.LogRecord) -> str:
    return f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _level(record: logging.LogRecord) -> str:
    return "WARN" if record.levelno == logging.WARNING else record.levelname
