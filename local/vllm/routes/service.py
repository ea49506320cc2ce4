"""What every route shares: the parts of the running server, and the form of its answers."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from local.llama.events import encode_json
from local.vllm.adapters.loading import AdapterLoader
from local.vllm.inference import Generation, Inference
from local.vllm.metrics import Metrics
from local.vllm.models import Models
from local.vllm.validation import Validator, ValidRequest

# The release whose contract this is: the newest one that SageMaker has an image of.
VLLM_VERSION: Final = "0.29.0"


@dataclass(frozen=True, kw_only=True)
class Service:
    """The parts of a running server."""

    inference: Inference
    validator: Validator
    models: Models
    metrics: Metrics
    adapters: AdapterLoader

    def describe_head(self, kind: str, *, prefix: str, request: ValidRequest) -> dict[str, Any]:
        """Return the fields that an answer, or every part of a stream, begins with.

        Args:
            kind: the object's name.
            prefix: of its id.
            request: that it answers.
        """
        return {
            "id": f"{prefix}-{uuid.uuid4().hex}",
            "object": kind,
            "created": int(time.time()),
            "model": request.adapter.name if request.adapter is not None else self.models.base_name,
        }


def describe_usage(*generations: Generation) -> dict[str, Any]:
    """Return the numbers of tokens of some generations together."""
    prompt = sum(generation.prompt_tokens for generation in generations)
    completion = sum(len(generation.outputs) for generation in generations)
    return {
        "prompt_tokens": prompt,
        "total_tokens": prompt + completion,
        "completion_tokens": completion,
        "prompt_tokens_details": None,
    }


def respond_json(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON."""
    return Response(encode_json(value), status_code=status, headers=headers, media_type="application/json")
