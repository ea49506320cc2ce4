"""Log lines on stderr in vLLM's form: `(APIServer pid=1) INFO 05-19 10:13:11 [loggers.py:271] message`.

The metric filters of a deployment read them word by word: stacks/constructs/engine_metrics.py.
"""

import logging
import os
import sys
from typing import Final

LOGGER: Final = "vllm"


class LineFormatter(logging.Formatter):
    """The form of one line; each line of a longer message has the same head."""

    def __init__(self) -> None:
        super().__init__(
            f"(APIServer pid={os.getpid()}) %(levelname)s %(asctime)s [%(filename)s:%(lineno)d] %(message)s",
            datefmt="%m-%d %H:%M:%S",
        )

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = super().format(record)
        head = line[: len(line) - len(record.message)] if not record.exc_info else ""
        return line.replace("\n", f"\n{head}")


def configure_logging(level: str) -> None:
    """Send the log to stderr.

    Args:
        level: DEBUG, INFO, WARNING or ERROR.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Of libraries only what is wrong: they are not what speaks here.
    logging.getLogger("httpx").setLevel(logging.WARNING)
