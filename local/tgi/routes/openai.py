"""What TGI's OpenAI routes have in common."""

import time
from typing import Any, Final

from local.tgi.errors import RequestError
from local.tgi.routes.service import Service

# The release whose contract this is: the newest one that SageMaker has an image of.
TGI_VERSION: Final = "3.3.6"


def describe_head(service: Service, kind: str) -> dict[str, Any]:
    """Return the fields that every object begins with."""
    return {
        "object": kind,
        "id": "",
        "created": int(time.time()),
        "model": service.weights.model_id,
        "system_fingerprint": f"{TGI_VERSION}-native",
    }


def describe_usage(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    """Return the numbers of tokens."""
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


def describe_error(error: RequestError) -> dict[str, Any]:
    """Return an error within a stream."""
    return {"error": {"message": str(error), "http_status_code": error.status}}
