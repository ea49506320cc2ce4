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
    # Each engine has its own place for what it says of its model: TGI the first, vLLM the second.
    told = _get_json(port, "/info")
    if told is None:
        models = _get_json(port, "/v1/models")
        listed = models.get("data") if isinstance(models, dict) else None
        told = listed[0] if isinstance(listed, list) and listed else None
    found = told.get("stand_in") if isinstance(told, dict) else None
    return found if isinstance(found, dict) else None


def _get_json(port: int, path: str) -> Any:
    """Return the answer; None where there is none, or none in JSON: a container may be of no engine that is known."""
    try:
        return json.loads(_get(port, path) or b"null")
    except ValueError:
        return None


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
