from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.aws.autoscaling.service import AutoScalingService
from tests.local.aws.sagemaker.rig import Deployed, Rig


class ScaledRig(Rig):
    """A rig with Application Auto Scaling."""

    def __init__(self, *, state_dir: Path) -> None:
        super().__init__(
            state_dir=state_dir, own_services={"applicationautoscaling": lambda: self.autoscaling.make_response()}
        )
        self.autoscaling = AutoScalingService(hostings=self.hosting)

    def renew(self) -> None:
        super().renew()
        self.autoscaling = AutoScalingService(hostings=self.hosting)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScaledRig]:
    rig = ScaledRig(state_dir=tmp_path_factory.mktemp("local-aws"))
    yield rig
    rig.close()


@pytest.fixture
def rig(running: ScaledRig) -> Iterator[ScaledRig]:
    yield running
    running.renew()


@pytest.fixture
def deployed(rig: ScaledRig) -> Deployed:
    return Deployed(rig)


@pytest.fixture
def scaling(rig: ScaledRig) -> Any:
    return rig.client("application-autoscaling", parameter_validation=False)


@pytest.fixture
def component(deployed: Deployed) -> str:
    """A component named twin."""
    deployed.all()
    return "twin"
