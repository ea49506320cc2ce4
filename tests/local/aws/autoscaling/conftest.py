from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.cloudwatch.models import cloudwatch_backends

from local.aws.autoscaling.service import AutoScalingService
from tests.local.aws.sagemaker.rig import ACCOUNT, REGION, Deployed, Rig


class ScaledRig(Rig):
    """A rig with Application Auto Scaling."""

    def __init__(self, *, state_dir: Path) -> None:
        super().__init__(state_dir=state_dir, own_services={"applicationautoscaling": self._make_scaling_response})
        self.autoscaling = AutoScalingService(hostings=self.hosting)

    def _make_scaling_response(self) -> Any:
        return self.autoscaling.make_response()

    def renew_scaling(self) -> None:
        """Start over with no target; what SageMaker hosts stays."""
        self.autoscaling = AutoScalingService(hostings=self.hosting)
        cloudwatch_backends[ACCOUNT][REGION].alarms.clear()


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScaledRig]:
    rig = ScaledRig(state_dir=tmp_path_factory.mktemp("local-aws"))
    deployed = Deployed(rig)
    deployed.model()
    deployed.endpoint()
    for name in ("twin", "b", "c"):  # that they are there is enough: nobody waits for their copies
        deployed.component(name, wait=False)
    yield rig
    rig.close()


@pytest.fixture
def rig(running: ScaledRig) -> Iterator[ScaledRig]:
    yield running
    running.renew_scaling()


@pytest.fixture
def scaling(rig: ScaledRig) -> Any:
    return rig.client("application-autoscaling", parameter_validation=False)
