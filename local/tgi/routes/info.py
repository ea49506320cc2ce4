"""What the server says about itself: /info, /v1/models, /health, /ping, /metrics."""

from starlette.responses import Response

from local.tgi.errors import UnhealthyError
from local.tgi.metrics import CONTENT_TYPE
from local.tgi.routes.openai import TGI_VERSION
from local.tgi.routes.service import Service, respond_json


def answer_info(service: Service) -> Response:
    """Answer /info. `stand_in` is this server's own: what answers in place of the deployed model, or null."""
    settings, limits, weights = service.settings, service.limits, service.weights
    stand_in = weights.stand_in
    return respond_json(
        {
            "model_id": weights.model_id,
            "model_sha": settings.revision,
            "model_pipeline_tag": "text-generation",
            "max_concurrent_requests": settings.max_concurrent_requests,
            "max_best_of": settings.max_best_of,
            "max_stop_sequences": settings.max_stop_sequences,
            "max_input_tokens": limits.max_input_tokens,
            "max_total_tokens": limits.max_total_tokens,
            "validation_workers": settings.validation_workers,
            "max_client_batch_size": settings.max_client_batch_size,
            "router": "text-generation-router",
            "version": TGI_VERSION,
            "sha": None,
            "docker_label": None,
            "stand_in": stand_in and {"serves": stand_in.serves, "instead_of": stand_in.instead_of},
        }
    )


def answer_models(service: Service) -> Response:
    """Answer /v1/models."""
    model_id = service.weights.model_id
    return respond_json(
        {"object": "list", "data": [{"id": model_id, "object": "model", "created": 0, "owned_by": model_id}]}
    )


async def answer_health(service: Service) -> Response:
    """Answer /health and /ping.

    Raises:
        UnhealthyError: the engine does not answer.
    """
    if not await service.inference.engine.is_healthy():
        raise UnhealthyError
    return Response()


def answer_metrics(service: Service) -> Response:
    """Answer /metrics."""
    return Response(service.metrics.render(), headers={"content-type": CONTENT_TYPE})
