from collections.abc import Iterator
from pathlib import Path

import pytest

from local.aws.runtime.limits import RuntimeLimits
from tests.local.aws.sagemaker.rig import Deployed, Rig

_HURRIED = RuntimeLimits(invoke_s=1.5, stream_s=2.0)


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
def hurried(tmp_path: Path) -> Iterator[Rig]:
    """One that waits for seconds where SageMaker waits for minutes."""
    rig = Rig(state_dir=tmp_path, limits=_HURRIED)
    yield rig
    rig.close()


@pytest.fixture
def deployed(rig: Rig) -> Deployed:
    return Deployed(rig)
