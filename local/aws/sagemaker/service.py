"""SageMaker of the local AWS, put together: what the server makes once and closes at the end."""

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moto.core.responses import BaseResponse

from local.aws.containers.cloudwatch_logs import CloudWatchLogs
from local.aws.containers.command import Images
from local.aws.containers.fleet import Fleet
from local.aws.containers.fleet_state import DEFAULT_TIMINGS, Timings
from local.aws.containers.launcher import Launcher, Machine
from local.aws.containers.ports import Ports
from local.aws.sagemaker.component import Component
from local.aws.sagemaker.components import Components
from local.aws.sagemaker.endpoint_configs import EndpointConfigs
from local.aws.sagemaker.endpoints import Endpoints
from local.aws.sagemaker.hosting import Hosting
from local.aws.sagemaker.models import Models
from local.aws.sagemaker.roles import RoleCheck, check_role
from local.aws.sagemaker.tagging import Tagging
from local.aws.wire.place import Place
from local.aws.wire.response import ServiceResponse
from local.aws.wire.service import AwsService


class SageMakerService:
    """Models, endpoint configurations, endpoints and inference components, in memory, by account and region.

    Args:
        state_dir: where the output of containers is kept, in ``containers/``, and what adapters consist of, in
            ``adapters/``.
        environment: of this process; containers see little of it.
        images: which run here; by default those of every engine.
        timings: how patient fleets are.
        role_check: refuses a role that SageMaker could not assume.
        endpoint_change_s: how long an endpoint is Creating, Updating or Deleting: long enough to be seen by a client
            that polls at once.
        startup_share: the part of a template's time to start that containers are given.

    Attributes:
        api: the operations, for CloudFormation.
    """

    def __init__(
        self,
        *,
        state_dir: Path,
        environment: Mapping[str, str],
        images: Images | None = None,
        timings: Timings = DEFAULT_TIMINGS,
        role_check: RoleCheck = check_role,
        endpoint_change_s: float = 0.5,
        startup_share: float = 1.0,
    ) -> None:
        self._machine = Machine(
            images=images or Images(),
            ports=Ports(),
            environment=environment,
            log_dir=state_dir / "containers",
        )
        self._timings = timings
        self._adapter_folder = state_dir / "adapters"
        self._hostings: dict[Place, Hosting] = {}
        self._lock = threading.Lock()
        groups = (
            Models(hostings=self.hosting, check_role=role_check),
            EndpointConfigs(hostings=self.hosting, check_role=role_check),
            Endpoints(hostings=self.hosting, change_s=endpoint_change_s),
            Components(hostings=self.hosting, launchers=self._launcher, timings=timings, startup_share=startup_share),
            Tagging(hostings=self.hosting),
        )
        actions = {name: action for group in groups for name, action in group.actions().items()}
        self.api = AwsService(name="sagemaker", actions=actions)

    def make_response(self) -> BaseResponse:
        """What answers one request to the control plane, for the dispatcher (by the name ``sagemaker``)."""
        return ServiceResponse(self.api)

    def hosting(self, place: Place) -> Hosting:
        """What there is in a place."""
        with self._lock:
            if place not in self._hostings:
                self._hostings[place] = Hosting(place=place, adapter_folder=self._adapter_folder)
            return self._hostings[place]

    def copies(self) -> list[dict[str, Any]]:
        """Every container that has not ended, for GET /_local/copies."""
        return [
            {
                "component": component.name,
                "endpoint": component.endpoint.name,
                "copy_id": copy.copy_id,
                "pid": copy.pid,
                "url": copy.url,
                "log_file": str(copy.output.file),
                "status": copy.status.value,
                "stand_in": copy.stand_in,
            }
            for component in self._components()
            for copy in component.fleet.copies()
        ]

    def close(self) -> None:
        """End every container. Takes as long as the slowest does to end, or until it is killed (about 5 s)."""
        fleets: list[Fleet] = [component.fleet for component in self._components()]
        for fleet in fleets:
            fleet.close()
        give_up_at = time.monotonic() + self._timings.stop_grace_s + 2
        for fleet in fleets:
            fleet.join(max(0.1, give_up_at - time.monotonic()))

    def _components(self) -> list[Component]:
        with self._lock:
            hostings = list(self._hostings.values())
        found: list[Component] = []
        for hosting in hostings:
            with hosting.lock:
                found.extend(one for one in hosting.components if isinstance(one, Component))
        return found

    def _launcher(self, place: Place, component: str, variant: str) -> Launcher:
        sink = CloudWatchLogs(account_id=place.account_id, region=place.region)
        return Launcher(machine=self._machine, sink=sink, region=place.region, component=component, variant=variant)
