"""SageMaker of the local AWS behind a real port, with a test container in the place of TGI, and clients for it."""

import asyncio
import contextlib
import http.client
import json
import os
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import boto3
import uvicorn
from botocore.config import Config
from moto.cloudwatch.models import cloudwatch_backends
from moto.logs.models import logs_backends
from starlette.applications import Starlette
from starlette.routing import Mount

from local.aws.containers.command import TGI_REPOSITORY, Images
from local.aws.containers.fleet_state import Timings
from local.aws.dispatch import make_dispatcher
from local.aws.runtime.limits import DEFAULT_LIMITS, RuntimeLimits
from local.aws.runtime.routes import Runtime, runtime_routes
from local.aws.sagemaker.hosting import Hosting
from local.aws.sagemaker.service import SageMakerService
from local.aws.wire.place import Place
from local.aws.wsgi_bridge import bridge

ACCOUNT = "123456789012"
REGION = "us-east-1"
IMAGE = f"763104351884.dkr.ecr.{REGION}.amazonaws.com/{TGI_REPOSITORY}:2.7.0-tgi3.3.6-gpu-py311-cu124-ubuntu22.04"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sagemaker"
TRUST = json.dumps(
    {"Statement": {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}}
)
SCOPE = f"AWS4-HMAC-SHA256 Credential=test/20261121/{REGION}/sagemaker/aws4_request, SignedHeaders=host, Signature=0"
CONTAINER = Path(__file__).parents[1] / "containers" / "container.py"
TIMINGS = Timings(
    drain_s=10, delete_drain_s=1, stop_grace_s=1, restart_s=0.1, restart_max_s=1, room_wait_s=0.3, look_for_room_s=0.05,
    look_at_alarms_s=0.05,
)  # fmt: skip


def container_command(port: int) -> list[str]:
    return [sys.executable, "-I", "-S", str(CONTAINER), str(port)]


class Rig:
    """A running server with a SageMaker that ``renew`` replaces. ``own_services`` adds services by moto's names."""

    def __init__(
        self, *, state_dir: Path, own_services: dict[str, Any] | None = None,
        command: Callable[[int], Sequence[str]] = container_command, limits: RuntimeLimits = DEFAULT_LIMITS,
    ) -> None:  # fmt: skip
        self._state_dir = state_dir
        self._command = command
        self._clients: dict[Any, Any] = {}
        self.sagemaker = self._make_sagemaker()
        runtime = Runtime(self, limits=limits)
        services = {"sagemaker": self._make_response, **(own_services or {})}

        @contextlib.asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            yield
            await runtime.aclose()

        app = Starlette(
            routes=[*runtime_routes(runtime), Mount("/", app=bridge(make_dispatcher(services), workers=8))],
            lifespan=lifespan,
        )
        # Only where the protocol is named does asyncio turn Nagle's algorithm off, which costs 40 ms an answer.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(socket.SOMAXCONN)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://localhost:{self.port}"
        config = uvicorn.Config(app, http="httptools", log_level="warning", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._server.serve(sockets=[self._socket])), daemon=True
        )
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        iam = self.client("iam")
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):  # moto's state is the process's
            iam.create_role(RoleName="sagemaker", AssumeRolePolicyDocument=TRUST)

    def _make_response(self) -> Any:
        return self.sagemaker.make_response()

    def hosting(self, place: Place) -> Hosting:
        return self.sagemaker.hosting(place)

    def client(self, service: str, *, region: str = REGION, **config: Any) -> Any:
        key = service, region, *sorted(config.items())
        if key not in self._clients:
            self._clients[key] = boto3.client(
                service, endpoint_url=self.url, region_name=region, aws_access_key_id="test",
                aws_secret_access_key="test",  # noqa: S106 - nothing checks it
                config=Config(retries={"total_max_attempts": 1}, **config),
            )  # fmt: skip
        return self._clients[key]

    def outstanding(self) -> list[int]:
        """Requests at each copy."""
        hosting = self.hosting(Place(account_id=ACCOUNT, region=REGION))
        with hosting.lock:
            components = list(hosting.components)
        return [copy.outstanding for component in components for copy in component.fleet.copies()]

    def counts(self) -> dict[str, int]:
        """What the containers have counted: requests, and requests whose caller went away."""
        total = {"served": 0, "aborted": 0}
        for copy in self.sagemaker.copies():
            connection = http.client.HTTPConnection(copy["url"].removeprefix("http://"), timeout=5)
            connection.request("GET", "/counts")
            for name, value in json.loads(connection.getresponse().read()).items():
                total[name] += value
            connection.close()
        return total

    def renew(self, *, endpoint_change_s: float = 0.03) -> None:
        """Start over with nothing but the role. A whole reset of moto takes a second."""
        self.sagemaker.close()
        logs_backends[ACCOUNT][REGION].groups.clear()
        cloudwatch_backends[ACCOUNT][REGION].alarms.clear()
        self.sagemaker = self._make_sagemaker(endpoint_change_s)

    def _make_sagemaker(self, endpoint_change_s: float = 0.03) -> SageMakerService:
        return SageMakerService(
            state_dir=self._state_dir,
            environment=os.environ,
            images=Images({TGI_REPOSITORY: self._command}),
            timings=TIMINGS,
            endpoint_change_s=endpoint_change_s,
        )

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
        self.sagemaker.close()


class Deployed:
    """Shorthand for what a stack deploys, through boto3."""

    def __init__(self, rig: Rig, *, region: str = REGION) -> None:
        # What the SDK would refuse by itself shall reach the service.
        self.sm = rig.client("sagemaker", region=region, parameter_validation=False)

    def model(self, name: str = "twin", **environment: str) -> str:
        self.sm.create_model(
            ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE, "Environment": environment}
        )
        return name

    def config(self, name: str = "twin", *, instance: str = "ml.g5.2xlarge", most: int = 4, **variant: Any) -> str:
        production = {
            "VariantName": "AllTraffic", "InstanceType": instance, "InitialInstanceCount": 1,
            "ManagedInstanceScaling": {"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": most},
            "RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"}, **variant,
        }  # fmt: skip
        self.sm.create_endpoint_config(EndpointConfigName=name, ExecutionRoleArn=ROLE, ProductionVariants=[production])
        return name

    def endpoint(self, name: str = "twin", **config: Any) -> str:
        self.sm.create_endpoint(EndpointName=name, EndpointConfigName=self.config(name, **config))
        self.sm.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 0.01})
        return name

    def component(
        self, name: str = "twin", *, endpoint: str = "twin", copies: int = 1, wait: bool = True, gpus: int = 1,
        model: str = "twin", **params: Any,
    ) -> str:  # fmt: skip
        self.sm.create_inference_component(
            InferenceComponentName=name, EndpointName=endpoint, VariantName="AllTraffic",
            Specification=specification(model, gpus=gpus), RuntimeConfig={"CopyCount": copies}, **params,
        )  # fmt: skip
        if wait:
            settled = self.settled(name)
            assert settled["InferenceComponentStatus"] == "InService", settled
        return name

    def all(self, name: str = "twin", *, copies: int = 1, **environment: str) -> None:
        """Model, endpoint and component, all of one name."""
        self.model(name, **environment)
        self.endpoint(name)
        self.component(name, endpoint=name, model=name, copies=copies)

    def settled(self, name: str = "twin", *, timeout_s: float = 20) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            found: dict[str, Any] = self.sm.describe_inference_component(InferenceComponentName=name)
            if found["InferenceComponentStatus"] in {"InService", "Failed"}:
                return found
            time.sleep(0.02)
        raise TimeoutError(f"{name} is still {found['InferenceComponentStatus']}")


def eventually(condition: Callable[[], bool], timeout_s: float = 5) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def specification(model: str = "twin", *, gpus: int = 1) -> dict[str, Any]:
    needs = {"NumberOfAcceleratorDevicesRequired": gpus, "MinMemoryRequiredInMb": 1024}
    return {"ModelName": model, "ComputeResourceRequirements": needs}
