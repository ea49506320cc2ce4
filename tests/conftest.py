"""A local AWS with stage `local` deployed to it by the real CDK CLI: one for all tests that need it, which run last."""

import os
from collections.abc import Iterator

import pytest

from cli.environment import LocalEnvironment
from cli.progress import Progress
from cli.project import Project
from cli.rehearsal import Rehearsal
from inference_client import EndpointAddress
from local.aws.process import LocalAws

DESTROYS = "test_an_endpoint_lives_from_deploy_to_destroy_through_the_real_cdk_cli"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what needs the deployment after everything else, since it makes this process its client; its destroy last."""

    def needs_deployment(item: pytest.Item) -> bool:
        return "environment" in getattr(item, "fixturenames", ())

    items.sort(key=lambda item: needs_deployment(item) + (item.name == DESTROYS))


@pytest.fixture(scope="session")
def project() -> Project:
    return Project.locate()


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws.start(state_dir=tmp_path_factory.mktemp("local-aws")) as running:
        yield running


@pytest.fixture(scope="session")
def environment(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalEnvironment]:
    """The environment of every client; this process is one, too."""
    before = dict(os.environ)
    made = LocalEnvironment(
        endpoint_url=local_aws.endpoint_url, region="us-east-1", cdk_home=tmp_path_factory.mktemp("cdk-home")
    )
    made.enter()
    yield made
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def rehearsal(project: Project, environment: LocalEnvironment, tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    return Rehearsal(
        project=project,
        progress=Progress(),
        environment=environment,
        stage="local",
        folder=tmp_path_factory.mktemp("rehearsal"),
    )


@pytest.fixture(scope="session")
def outputs(rehearsal: Rehearsal) -> dict[str, str]:
    """The outputs of the deployed stage."""
    return rehearsal.deploy()


@pytest.fixture(scope="session")
def deployed_endpoint(rehearsal: Rehearsal, outputs: dict[str, str]) -> EndpointAddress:
    """Where the deployed stage is, as a client reads it from the stack."""
    return EndpointAddress.from_stack(rehearsal.stack_names()[0])
