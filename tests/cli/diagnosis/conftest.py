"""A local AWS with every planted failure in a stack of its own, all deployed at once, and `twin diagnose` on it."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest

from cli.environment import LocalEnvironment
from local.aws.process import LocalAws
from tests.cli.diagnosis.planted import HALF_PUBLISHED, PLANTED, stack_of, template


class Hub(BaseHTTPRequestHandler):
    """A hub that refuses as Hugging Face's does, and for `slow/` not at all: it lets the container wait."""

    released = threading.Event()

    def do_GET(self) -> None:
        if "/slow/" in self.path:
            self.released.wait(60)
        status, code = (403, "GatedRepo") if "/gated/" in self.path else (401, "RepoNotFound")
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def hub() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        Hub.released.set()
        server.shutdown()
        thread.join()


class Aws:
    """The local AWS with the planted stacks."""

    def __init__(self, environment: LocalEnvironment) -> None:
        self.environment = environment
        self.diagnosed: dict[str, tuple[int, dict[str, Any]]] = {}
        variables = environment.variables()
        self.session = boto3.Session(
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            region_name=environment.region,
        )
        self.cloudformation = self.client("cloudformation")
        self.sagemaker = self.client("sagemaker")

    def client(self, service: str) -> Any:
        return self.session.client(service, endpoint_url=self.environment.endpoint_url)  # type: ignore[call-overload]

    def create(self, name: str, **plant: Any) -> None:
        self.cloudformation.create_stack(
            StackName=stack_of(name), TemplateBody=template(name, **plant), Capabilities=["CAPABILITY_IAM"]
        )

    def update(self, name: str, **plant: Any) -> str:
        self.cloudformation.update_stack(
            StackName=stack_of(name), TemplateBody=template(name, **plant), Capabilities=["CAPABILITY_IAM"]
        )
        return self.settled(name)

    def settled(self, name: str, *, timeout_s: float = 60) -> str:
        deadline_s = time.monotonic() + timeout_s
        while time.monotonic() < deadline_s:
            (stack,) = self.cloudformation.describe_stacks(StackName=stack_of(name))["Stacks"]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return str(stack["StackStatus"])
            time.sleep(0.1)
        raise TimeoutError(f"{name} is still {stack['StackStatus']}")


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory, hub: str) -> Iterator[Aws]:
    """Every planted stack, created at once; none is waited for."""
    # A minute to start is 12 s here: enough for a container's first line on a busy machine.
    with LocalAws.start(state_dir=tmp_path_factory.mktemp("planted"), startup_share=0.2) as running:
        home = tmp_path_factory.mktemp("cdk-home")
        made = Aws(LocalEnvironment(endpoint_url=running.endpoint_url, region="us-east-1", cdk_home=home))
        s3 = made.client("s3")
        s3.create_bucket(Bucket="half-published")
        for file, content in HALF_PUBLISHED.items():
            s3.put_object(Bucket="half-published", Key=f"twin/{file}", Body=content)
        with ThreadPoolExecutor(max_workers=len(PLANTED)) as pool:
            list(pool.map(lambda item: made.create(item[0], **_resolved(item[1], hub)), PLANTED.items()))
        yield made


def _resolved(plant: Mapping[str, Any], hub: str) -> dict[str, Any]:
    environment = {key: value.replace("HUB", hub) for key, value in plant.get("environment", {}).items()}
    return {**plant, "environment": environment}


@pytest.fixture
def diagnose(aws: Aws, twin: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run `twin diagnose --json` on a stage; gives exit code and answer, read once of what stays as it is."""
    for name in set(os.environ) - set(aws.environment.whole()):
        monkeypatch.delenv(name)
    for name, value in aws.environment.whole().items():
        monkeypatch.setenv(name, value)

    def run(stage: str) -> tuple[int, dict[str, Any]]:
        if stage not in aws.diagnosed:
            ended = twin("diagnose", "--stage", stage, "--json")
            assert "Traceback" not in ended.err
            aws.diagnosed[stage] = ended.code, json.loads(ended.out)
        return aws.diagnosed[stage] if stage in PLANTED else aws.diagnosed.pop(stage)

    return run
