"""Asks a container how it is. One short question a time; it does not know what follows from the answer."""

import http.client
import json
from typing import Any

# SageMaker's own time-out for the answer to /ping.
_PING_TIMEOUT_S = 2.0


def answers_ping(port: int) -> bool:
    """Whether a container on 127.0.0.1 answers GET /ping with 200."""
    return _get(port, "/ping") is not None


def stand_in(port: int) -> dict[str, Any] | None:
    """What a container says it serves instead of the model it was asked for (``{"serves", "instead_of"}``), or None."""
    body = _get(port, "/info")
    try:
        told = json.loads(body or b"{}")
    except ValueError:  # a container that is not TGI may answer anything there
        return None
    found = told.get("stand_in") if isinstance(told, dict) else None
    return found if isinstance(found, dict) else None


def _get(port: int, path: str) -> bytes | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PING_TIMEOUT_S)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException):
        return None
    else:
        return body if response.status == 200 else None
    finally:
        connection.close()
