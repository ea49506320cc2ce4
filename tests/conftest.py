"""A local AWS with stage `local` deployed to it by the real CDK CLI: one for all tests that need it."""

import functools
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import botocore.session
import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from cli.environment import LocalEnvironment
from cli.progress import Progress
from cli.project import Project
from cli.rehearsal import Rehearsal
from inference_client import EndpointAddress
from local.aws.process import LocalAws

DEPLOYED = (
    "tests/e2e/test_clients.py",
    "tests/e2e/test_engines.py",
    "tests/e2e/test_updates.py",
    "tests/e2e/test_whole_life.py",
    "tests/inference_client/test_real_endpoint.py",
)
# What changes the deployment and what destroys it come after those that only use it, in this order.
LAST = ("tests/e2e/test_updates.py", "tests/e2e/test_whole_life.py")
LONGEST = ("tests/e2e/", "tests/service/", "tests/stacks/", "tests/local/tgi/", "tests/local/aws/", "tests/cli/")


# The same examples in every run, however slow the machine: what everybody's change has to pass must not depend on luck.
hypothesis.settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("repeatable")


def pytest_configure() -> None:
    """Prepare this process.

    All SDK sessions share what they read of AWS's services: a fifth of a second for each, and there are hundreds. The
    copies of a model compute in one thread each: two wait for each other, a third of their CPU time, where tests run
    beside each other. And Ctrl-C is taken again where a shell runs us in the background: it is ignored there, by what
    we start, too.
    """
    os.environ.setdefault("LOCAL_TGI_THREADS", "1")
    if not hasattr(botocore.session.create_loader, "cache_clear"):
        botocore.session.create_loader = functools.cache(botocore.session.create_loader)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


class FolderScheduling(LoadScopeScheduling):
    """A folder's tests stay in one process: they share what they start and synthesize, which costs a third more where
    each of three processes does it again. So do all that use the deployment; the others of tests/e2e share nothing.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", maxsplit=1)[0]
        if file in DEPLOYED:
            return "deployment"
        return file if file.startswith("tests/e2e/") else file.rpartition("/")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> FolderScheduling:
    return FolderScheduling(config, log)  # type: ignore[arg-type]  # xdist's Producer is not public


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start what takes longest first, so that no process is left with it at the end."""

    def rank(item: pytest.Item) -> tuple[bool, int, int]:
        file = item.nodeid.split("::")[0]
        turn = 1 + LAST.index(file) if file in LAST else 0
        folder = next((place for place, name in enumerate(LONGEST) if file.startswith(name)), len(LONGEST))
        return file not in DEPLOYED, turn, folder

    items.sort(key=rank)


@contextmanager
def entered(local_environment: LocalEnvironment) -> Iterator[None]:
    """Make this process a client of the local AWS for as long as the block runs."""
    before = dict(os.environ)
    local_environment.enter()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="session")
def as_client(local_environment: LocalEnvironment) -> Callable[[], AbstractContextManager[None]]:
    """The same for a fixture that lives longer than a test, which is a client by itself."""
    return functools.partial(entered, local_environment)


@pytest.fixture(autouse=True)
def _is_a_client(request: pytest.FixtureRequest) -> Iterator[None]:
    if "local_environment" not in request.fixturenames:
        yield
        return
    with entered(request.getfixturevalue("local_environment")):
        yield


@pytest.fixture(scope="session")
def project() -> Project:
    return Project.locate()


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with LocalAws.start(state_dir=tmp_path_factory.mktemp("local-aws")) as running:
        yield running


@pytest.fixture(scope="session")
def local_environment(local_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> LocalEnvironment:
    """The environment of every client."""
    return LocalEnvironment(
        endpoint_url=local_aws.endpoint_url, region="us-east-1", cdk_home=tmp_path_factory.mktemp("cdk-home")
    )


@pytest.fixture(scope="session")
def rehearsal(
    project: Project, local_environment: LocalEnvironment, tmp_path_factory: pytest.TempPathFactory
) -> Rehearsal:
    return Rehearsal(
        project=project,
        progress=Progress(),
        environment=local_environment,
        stage="local",
        folder=tmp_path_factory.mktemp("rehearsal"),
    )


@pytest.fixture(scope="session")
def outputs(rehearsal: Rehearsal, local_environment: LocalEnvironment) -> dict[str, str]:
    """The outputs of the deployed stage."""
    with entered(local_environment):
        # CDK's own rules take half the time of a synth, and tests/stacks has them asked.
        os.environ["CDK_VALIDATION"] = "false"
        return rehearsal.deploy()


@pytest.fixture(scope="session")
def deployed_endpoint(
    rehearsal: Rehearsal, local_environment: LocalEnvironment, outputs: dict[str, str]
) -> EndpointAddress:
    """Where the deployed stage is, as a client reads it from the stack."""
    with entered(local_environment):
        return EndpointAddress.from_stack(rehearsal.stack_names()[0])
