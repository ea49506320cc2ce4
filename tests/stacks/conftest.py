"""Templates as the CDK CLI would have them: the real app's stacks with the context of cdk.json, in this process.

Starting CDK's Node process costs seconds, a further synthesis a tenth of one: so it is started once a session.
"""

import functools
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from stacks.context import read_settings
from stacks.endpoint_stack import EndpointStack
from stacks.monitoring_stack import MonitoringStack
from stacks.service_stack import ServiceStack
from tests.stacks.agreement import deployment as agreement
from tests.stacks.agreement.deployment import Deployment

ROOT = Path(__file__).parents[2]
STAGES = ("local", "dev", "prod")
ENGINES = ("tgi", "vllm")
# Where the weights come from, by name.
SOURCES = {"hub": {}, "s3": {"s3_uri": "s3://weights-bucket/twin/49ea8865/"}}
SERVICE_IMAGE = "llm-twin-service:1.4.0"
# A further model on the endpoint.
BESIDE_IN_S3 = {"beside": "Qwen/Qwen2.5-0.5B-Instruct=s3://weights-bucket/qwen/7ae55760/"}
# Which vLLM has as components of their own.
ADAPTERS_IN_S3 = {"adapters": "ada=s3://twins/ada/1.tar.gz,bob-two=s3://others/bob/3.tar.gz"}
# All there is to deploy, in the ways that cdk-nag and checkov go over it.
_EVERYTHING = {
    "service_image": SERVICE_IMAGE,
    "monitoring": "true",
    "monitoring_email": "ops@example.com",
    "monitoring_budget_usd": "2000",
}
_PUBLIC = {
    "service_public": "true",
    "service_certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
    "service_domain": "twin.example.com",
}
_ENCRYPTED = {
    "kms_key": "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
    "data_capture": "s3://captured/twin/",
    "instance_fallback": "ml.g6.2xlarge",
}
AUDITED = {
    "dev": {"stage": "dev"} | _EVERYTHING,
    "prod": {"stage": "prod"} | _EVERYTHING,
    "prod-s3-public-encrypted": {"stage": "prod"} | _EVERYTHING | SOURCES["s3"] | _PUBLIC | _ENCRYPTED | BESIDE_IN_S3,
    "prod-vllm-s3": {"stage": "prod", "engine": "vllm"} | _EVERYTHING | SOURCES["s3"] | ADAPTERS_IN_S3,
}

Template = dict[str, Any]


@pytest.fixture(scope="session", autouse=True)
def _node_of_the_virtual_environment() -> Iterator[None]:
    """CDK starts whatever `node` is on the path: the one that the locked dependencies bring comes first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        yield


@pytest.fixture(scope="session")
def cdk_context() -> dict[str, Any]:
    return json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]


@pytest.fixture(scope="session")
def synthesize(tmp_path_factory: pytest.TempPathFactory, cdk_context: dict[str, Any]) -> Callable[..., Path]:
    """Write the template that `cdk synth -c KEY=VALUE ...` writes, once, and return its path: the endpoint's."""

    @functools.cache
    def write(asked: frozenset[tuple[str, str]]) -> Path:
        settings = dict(asked)
        out = tmp_path_factory.mktemp("cdk.out")
        app = App(context=cdk_context | settings, outdir=str(out), analytics_reporting=False)
        read = read_settings(app.node.get_all_context(), {})
        stack = EndpointStack(app, settings=read)
        if read.service.image is not None:
            ServiceStack(app, settings=read, image=read.service.image).add_stack_dependency(stack)
        if read.monitoring.enabled:
            MonitoringStack(app, settings=read).add_stack_dependency(stack)
        app.synth()
        return out / f"{stack.stack_name}.template.json"

    def run(**settings: str) -> Path:
        return write(frozenset(settings.items()))

    return run


@pytest.fixture(scope="session")
def synthesize_service(synthesize: Callable[..., Path]) -> Callable[..., Path]:
    """The same, of the service's stack, with an image unless one is named."""

    def run(**settings: str) -> Path:
        endpoint = synthesize(**{"service_image": SERVICE_IMAGE} | settings)
        return endpoint.with_name(endpoint.name.replace("-endpoint.", "-service."))

    return run


@pytest.fixture(scope="session")
def audited_files(synthesize: Callable[..., Path]) -> dict[str, tuple[Path, ...]]:
    """The templates of all stacks, for each way of `AUDITED`."""
    return {name: tuple(synthesize(**way).parent.glob("*.template.json")) for name, way in AUDITED.items()}


@pytest.fixture(scope="session")
def explained() -> Callable[[Path], list[tuple[str, str, str]]]:
    """Return what a template's resources say to checkov: logical id, rule and reason."""

    def read(file: Path) -> list[tuple[str, str, str]]:
        resources = json.loads(file.read_text(encoding="utf-8"))["Resources"]
        return [
            (name, skip["id"], skip["comment"])
            for name, body in resources.items()
            for skip in body.get("Metadata", {}).get("checkov", {}).get("skip", ())
        ]

    return read


@pytest.fixture(scope="session")
def find_folder(synthesize: Callable[..., Path]) -> Callable[[str, str, str], Path]:
    """Return the folder with all templates of a stage, an engine and a source."""

    def find(stage: str, engine: str, source: str) -> Path:
        # TGI goes without saying, as in what is audited: the same words are the same synthesis.
        said = {} if engine == "tgi" else {"engine": engine}
        return synthesize(stage=stage, **said, **_EVERYTHING, **SOURCES[source]).parent

    return find


@pytest.fixture(scope="session")
def service_files(find_folder: Callable[[str, str, str], Path]) -> dict[str, Path]:
    return {stage: find_folder(stage, "tgi", "hub") / f"llm-twin-{stage}-service.template.json" for stage in STAGES}


@pytest.fixture(scope="session")
def service_templates(service_files: dict[str, Path]) -> dict[str, Template]:
    return {stage: json.loads(path.read_text(encoding="utf-8")) for stage, path in service_files.items()}


@pytest.fixture(scope="session")
def template_files(service_files: dict[str, Path]) -> dict[str, Path]:
    """The endpoint's as each stage has it by itself; a service beside it does not change it."""
    return {
        stage: path.with_name(path.name.replace("-service.", "-endpoint.")) for stage, path in service_files.items()
    }


@pytest.fixture(scope="session")
def templates(template_files: dict[str, Path]) -> dict[str, Template]:
    return {stage: json.loads(path.read_text(encoding="utf-8")) for stage, path in template_files.items()}


@pytest.fixture(params=STAGES)
def stage(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def s3_uri(source: str) -> str | None:
    """Where the weights are; None where they come from the hub."""
    return SOURCES[source].get("s3_uri")


@pytest.fixture(scope="session")
def find_template_file(
    synthesize: Callable[..., Path], template_files: dict[str, Path]
) -> Callable[[str, str, str], Path]:
    """Return the endpoint's template of a stage, an engine and a source, synthesized once."""

    @functools.cache
    def find(stage: str, engine: str, source: str) -> Path:
        if (engine, source) == ("tgi", "hub"):
            return template_files[stage]
        return synthesize(stage=stage, engine=engine, **SOURCES[source])

    return find


@pytest.fixture(scope="session")
def find_deployment(find_folder: Callable[[str, str, str], Path]) -> Callable[[str, str, str], Deployment]:
    """Return what is deployed together of a stage, an engine and a source, read once."""

    @functools.cache
    def find(stage: str, engine: str, source: str) -> Deployment:
        folder = find_folder(stage, engine, source)

        def read(part: str) -> agreement.Template:
            file = folder / f"llm-twin-{stage}-{part}.template.json"
            return agreement.Template(json.loads(file.read_text(encoding="utf-8")))

        return Deployment(engine, read("endpoint"), read("service"), read("monitoring"))

    return find


@pytest.fixture
def template_file(find_template_file: Callable[[str, str, str], Path], stage: str, engine: str, source: str) -> Path:
    return find_template_file(stage, engine, source)


@pytest.fixture
def template(template_file: Path) -> Template:
    """The endpoint's template: of every stage, with every engine, with weights from every source."""
    return json.loads(template_file.read_text(encoding="utf-8"))


@pytest.fixture
def service_template(service_templates: dict[str, Template], stage: str) -> Template:
    return service_templates[stage]


@pytest.fixture
def resource(template: Template) -> Callable[[str], tuple[str, dict[str, Any]]]:
    """Return the logical id and the properties of the only resource of a type."""

    def find(resource_type: str) -> tuple[str, dict[str, Any]]:
        return only(template, resource_type)

    return find


@pytest.fixture
def service_resource(service_template: Template) -> Callable[[str], tuple[str, dict[str, Any]]]:
    """Return the logical id and the properties of the service's only resource of a type."""

    def find(resource_type: str) -> tuple[str, dict[str, Any]]:
        return only(service_template, resource_type)

    return find


def only(template: Template, resource_type: str) -> tuple[str, dict[str, Any]]:
    found = [
        (name, body["Properties"]) for name, body in template["Resources"].items() if body["Type"] == resource_type
    ]
    assert len(found) == 1, f"{len(found)} resources of {resource_type}"
    return found[0]
