"""What every route shares: the parts of the running server."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from local.llama.events import encode_json
from local.llama.weights import Weights
from local.tgi.inference import Inference
from local.tgi.limits import Limits
from local.tgi.metrics import Metrics
from local.tgi.settings import Settings

# After this time without an event a stream gets a comment.
IDLE_S: Final = 15.0


@dataclass(frozen=True, kw_only=True)
class Service:
    """The parts of a running server."""

    inference: Inference
    settings: Settings
    limits: Limits
    weights: Weights
    metrics: Metrics


def respond_json(value: Any, *, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON as TGI writes it."""
    return Response(encode_json(value), headers=headers, media_type="application/json")
