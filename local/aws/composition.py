"""The composition root of the local AWS: which services there are and what each is given."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from wsgiref.types import WSGIApplication

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from local.aws.api import AwsApi
from local.aws.autoscaling.resources import providers as autoscaling_providers
from local.aws.autoscaling.service import AutoScalingService
from local.aws.cloudformation.accounts import Accounts
from local.aws.cloudformation.registry import resource_providers
from local.aws.cloudformation.responses import CloudFormationResponse
from local.aws.cloudformation.schema import published_schemas
from local.aws.dispatch import MakeResponse, check_moto_version, make_dispatcher
from local.aws.runtime.routes import Runtime, runtime_routes
from local.aws.sagemaker.resources import providers as sagemaker_providers
from local.aws.sagemaker.service import SageMakerService
from local.aws.service_quotas import ServiceQuotas
from local.aws.warm_up import warm_up


@dataclass(frozen=True, kw_only=True)
class Services:
    """What the server serves.

    Attributes:
        dispatcher: answers every AWS request that is not among the routes.
        routes: answered before it.
        started: to be called once requests are answered.
        close: ends what the services started.
    """

    dispatcher: WSGIApplication
    routes: Sequence[BaseRoute]
    started: Callable[[], None]
    close: Callable[[], Awaitable[None]]


def make_services(
    *, port: int, state_dir: Path, environment: Mapping[str, str], startup_share: float = 1.0
) -> Services:
    """Put the local AWS together.

    Args:
        port: where it is going to listen.
        state_dir: where it keeps files, as the output of containers.
        environment: this process's, of which containers are given what they need.
        startup_share: the part of a template's time to start that containers are given.

    Raises:
        MotoVersionError: another moto is installed than the one that this is built for.
    """
    check_moto_version()
    sagemaker = SageMakerService(state_dir=state_dir, environment=environment, startup_share=startup_share)
    autoscaling = AutoScalingService(hostings=sagemaker.hosting)
    own_services: dict[str, MakeResponse] = {
        "applicationautoscaling": autoscaling.make_response,
        "sagemaker": sagemaker.make_response,
        "servicequotas": ServiceQuotas(hostings=sagemaker.hosting).make_response,
    }
    dispatcher = make_dispatcher(own_services)
    aws = AwsApi(application=dispatcher)
    providers = {**resource_providers(aws), **sagemaker_providers(sagemaker), **autoscaling_providers(autoscaling)}
    accounts = Accounts(aws=aws, providers=providers, schemas=published_schemas())
    own_services["cloudformation"] = lambda: CloudFormationResponse(accounts)
    runtime = Runtime(sagemaker)

    async def close() -> None:
        await asyncio.to_thread(sagemaker.close)
        await runtime.aclose()

    routes = [*_local_routes(sagemaker, port=port), *runtime_routes(runtime)]
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or "us-east-1"
    return Services(dispatcher=dispatcher, routes=routes, started=lambda: warm_up(aws, region=region), close=close)


def _local_routes(sagemaker: SageMakerService, *, port: int) -> list[Route]:
    async def health(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "port": port})

    async def copies(_: Request) -> JSONResponse:
        return JSONResponse({"copies": await asyncio.to_thread(sagemaker.copies)})

    return [Route("/_local/health", health), Route("/_local/copies", copies)]
