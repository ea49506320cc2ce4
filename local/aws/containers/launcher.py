"""Starts the containers of one component.

It does not know how many there should be, nor what becomes of them.
"""

import secrets
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.aws.containers.command import Images
from local.aws.containers.container_copy import Copy
from local.aws.containers.environment import container_environment
from local.aws.containers.errors import CannotStartError
from local.aws.containers.output import LogSink, Output
from local.aws.containers.ports import Ports
from local.aws.containers.revision import Revision


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What all containers of this machine share.

    Attributes:
        images: which images run here.
        ports: where they listen.
        environment: of the process that starts them; containers see little of it.
        log_dir: where their output is kept.
    """

    images: Images
    ports: Ports
    environment: Mapping[str, str]
    log_dir: Path


class Launcher:
    """Starts containers.

    Args:
        machine: where.
        sink: the log that gets what they print.
        region: what they are told about where they run.
        component: whose copies they are.
        variant: of the endpoint; it leads the names of log streams, as on AWS.
    """

    def __init__(self, *, machine: Machine, sink: LogSink, region: str, component: str, variant: str) -> None:
        self._machine = machine
        self._sink = sink
        self._region = region
        self._component = component
        self._variant = variant

    @property
    def log_group(self) -> str:
        """Where AWS puts what the copies of a component print."""
        return f"/aws/sagemaker/InferenceComponents/{self._component}"

    def new_copy_id(self) -> str:
        """Return a name for the next copy."""
        return f"{self._component}-{secrets.token_hex(4)}"

    def launch(self, copy_id: str, revision: Revision, on_change: Callable[[], None]) -> Copy:
        """Start a container.

        Raises:
            CannotPullError: nothing here runs its image.
            CannotStartError: the process could not be started.
        """
        command = self._machine.images.command(revision.image)
        environment = container_environment(
            machine=self._machine.environment,
            template=revision.environment,
            region=self._region,
            gpu_memory_mib=revision.gpu_memory_mib,
            mounted=revision.mounted,
        )
        port = self._machine.ports.take()
        try:
            process = subprocess.Popen(  # noqa: S603 - the command is ours, the template only gives variables
                command(port),
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                # Ctrl-C in the terminal is for this process, which then ends its containers in order.
                start_new_session=True,
            )
        except OSError as error:
            self._machine.ports.give_back(port)
            raise CannotStartError(f"the container could not be started: {error}") from error
        output = Output(
            file=self._log_file(copy_id), sink=self._sink, group=self.log_group, stream=f"{self._variant}/{copy_id}"
        )
        return Copy(copy_id=copy_id, revision=revision, process=process, port=port, output=output, on_change=on_change)

    def _log_file(self, copy_id: str) -> Path:
        file = self._machine.log_dir / f"{copy_id}.log"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        return file

    def forget(self, copy: Copy) -> None:
        """Free what an ended container held."""
        self._machine.ports.give_back(copy.port)
