from collections.abc import Iterator

import pytest

from tests.local.aws.sagemaker.rig import Deployed, Rig


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    rig = Rig(state_dir=tmp_path_factory.mktemp("local-aws"))
    yield rig
    rig.close()


@pytest.fixture
def rig(running: Rig) -> Iterator[Rig]:
    yield running
    running.renew()


@pytest.fixture
def deployed(rig: Rig) -> Deployed:
    return Deployed(rig)
