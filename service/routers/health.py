"""GET /healthz (the process lives), /readyz (it can do its work) and /metrics (Prometheus)."""

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from service.callers import may_ask
from service.routers.dependencies import Shared, problems
from service.wire.health import HealthOut, ReadinessOut

router = APIRouter(tags=["operation"])


@router.get("/healthz", responses=problems())
async def healthz() -> HealthOut:
    """Say that the process lives. Load balancers ask here: a sleeping model is no reason to restart the service."""
    return HealthOut()


@router.get(
    "/readyz", responses={**problems(), 503: {"description": "Something is in the way.", "model": ReadinessOut}}
)
async def readyz(state: Shared, response: Response) -> ReadinessOut:
    """Say whether store and endpoint are there. The result is some seconds old at most; the model is not asked."""
    seen = await state.readiness.look()
    if not seen.is_ready:
        response.status_code = 503
    return ReadinessOut(status="ready" if seen.is_ready else "not_ready", store=seen.store, endpoint=seen.endpoint)


@router.get(
    "/metrics",
    dependencies=[Depends(may_ask)],
    response_class=Response,
    responses={200: {"description": "Prometheus text.", "content": {"text/plain": {}}}, **problems(401, 403)},
)
async def metrics(state: Shared) -> Response:
    """Show what is counted."""
    return Response(generate_latest(state.metrics.registry), media_type=CONTENT_TYPE_LATEST)
