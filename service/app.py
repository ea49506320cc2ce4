"""The composition root of the service at run time: settings in, application out. Nothing is made before it starts."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from inference_client import InferenceClientError
from rag.errors import RagError
from service.body_guard import BodyGuard
from service.description import DESCRIPTION, complete_description
from service.errors import CannotStartError, KeysError
from service.lifespan import ServiceState, open_state
from service.loopback_guard import LoopbackGuard
from service.metrics import Metrics
from service.problem_responses import UnexpectedErrors, add_problem_handlers
from service.request_record import REQUEST_ID_HEADER
from service.request_scope import RequestScope
from service.routers import documents, health, openai, page, rag, search
from service.security_headers import SecurityHeaders
from service.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """Return the service as an ASGI application; its clients and stores are made when it starts."""
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, ServiceState]]:
        async with AsyncExitStack() as stack:
            try:
                state = await stack.enter_async_context(open_state(settings, metrics))
            except (KeysError, InferenceClientError, RagError) as error:
                raise CannotStartError(str(error)) from error
            yield {"service": state}

    app = FastAPI(
        title="LLM twin",
        description=DESCRIPTION,
        version=_version(),
        lifespan=lifespan,
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        middleware=_layers(settings, metrics),
        # FastAPI's own spans, exported as the OTEL_* variables say.
        telemetry={
            "tracing": settings.traces,
            "metrics": False,
            "logs": False,
            "auto_configure": settings.traces,
        },
    )
    methods: defaultdict[str, set[str]] = defaultdict(set)
    for noun in (rag, search, documents, openai, health, page):
        app.include_router(noun.router)
        for route in noun.router.routes:
            if isinstance(route, APIRoute):
                methods[route.path] |= route.methods or set()
    add_problem_handlers(app, methods=methods)
    complete_description(app)
    return app


def _layers(settings: Settings, metrics: Metrics) -> list[Middleware]:
    """Return the layers around the routes, outermost first."""
    layers = [Middleware(RequestScope, metrics=metrics), Middleware(SecurityHeaders), Middleware(UnexpectedErrors)]
    if settings.allow_no_keys:
        layers.append(Middleware(LoopbackGuard, origins=settings.cors_origins))
    if settings.cors_origins:
        layers.append(
            Middleware(
                CORSMiddleware,
                allow_origins=list(settings.cors_origins),
                allow_methods=["GET", "POST", "DELETE"],
                allow_headers=["Authorization", "Content-Type", "X-API-Key", REQUEST_ID_HEADER],
                expose_headers=[REQUEST_ID_HEADER, "Retry-After", "Location"],
            )
        )
    guard = Middleware(
        BodyGuard,
        max_bytes=settings.max_body_bytes,
        max_bytes_at={documents.PATH: settings.max_upload_bytes},
        timeout_s=settings.body_timeout_s,
    )
    return [*layers, guard]


def _version() -> str:
    try:
        return version("llm-twin")
    except PackageNotFoundError:
        return "0"
