"""What the copies of a component are made of, and the room that one takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from local.aws.containers.mounted import Mounted


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What one copy takes of an instance.

    Attributes:
        accelerators: GPUs.
        cpu_cores: virtual processors.
        memory_mib: main memory.
    """

    accelerators: float = 0
    cpu_cores: float = 0
    memory_mib: int = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Revision:
    """One state of a component's specification. Two revisions are the same only if they are one object.

    Attributes:
        image: the container image.
        environment: the container's variables, as the template gives them.
        startup_timeout_s: how long a copy may take until it answers /ping.
        needs: what one copy takes.
        gpu_memory_mib: the memory of each GPU of the instances that copies are placed on; 0 where they have none.
        mounted: what a container finds of the model's files; None where it fetches them itself.
        given: the specification that it was read from; nobody here looks inside.
        description: what the control plane shows of it; nobody here looks inside.
    """

    image: str
    environment: Mapping[str, str]
    startup_timeout_s: float
    needs: Needs = Needs()
    gpu_memory_mib: int = 0
    mounted: Mounted | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    description: Mapping[str, Any] = field(default_factory=dict)


class Room(Protocol):
    """The instances that copies are placed on."""

    def reserve(self, key: str, needs: Needs, *, beyond: bool) -> bool:
        """Take room for a copy, or say that there is none.

        Args:
            key: the copy's id.
            needs: what it takes.
            beyond: take it even if no instance has room, as for the surge of a rolling update.
        """
        ...

    def release(self, key: str) -> None:
        """Give the room of a copy back."""
        ...
