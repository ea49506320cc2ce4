"""The instances behind one variant of an endpoint, and which copies sit on them.

No machine is rented here: an instance is its published size (model/hardware.py), and what is counted is whether AWS
could place the copies. It does not know components or processes.
"""

import threading
from dataclasses import dataclass

from local.aws.containers.revision import Needs
from model.hardware import InstanceType


@dataclass(frozen=True, kw_only=True)
class InstanceRange:
    """How many instances there may be.

    Attributes:
        initial: before anything was placed.
        least: managed scaling goes no lower.
        most: managed scaling goes no higher.
    """

    initial: int
    least: int
    most: int


class Instances:
    """Room for copies, as many instances of one type as the variant allows.

    Args:
        instance: their type.
        range_: how many there may be.
    """

    def __init__(self, *, instance: InstanceType, range_: InstanceRange) -> None:
        self.instance = instance
        self.range = range_
        self._placed: dict[str, tuple[int, Needs]] = {}
        self._used = False
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        """How many instances there are now: those in use, within the range."""
        with self._lock:
            if not self._used:
                return self.range.initial
            return max(self.range.least, len({index for index, _ in self._placed.values()}))

    def reserve(self, key: str, needs: Needs, *, beyond: bool) -> bool:
        """Place a copy on the first instance that has room; ``beyond`` adds an instance over the range if none has."""
        with self._lock:
            index = next((i for i in range(self.range.most) if self._fits(needs, i)), None)
            if index is None and beyond:
                index = next(
                    i for i in range(self.range.most, 1 + len(self._placed) + self.range.most) if self._fits(needs, i)
                )
            if index is None:
                return False
            self._placed[key] = (index, needs)
            self._used = True
            return True

    def release(self, key: str) -> None:
        """Give the room of a copy back."""
        with self._lock:
            self._placed.pop(key, None)

    def lack_for(self, needs: Needs) -> str | None:
        """Say what even an empty instance lacks for one copy, or None."""
        lacks = (
            ("accelerator devices", needs.accelerators, self.instance.gpus),
            ("CPU cores", needs.cpu_cores, self.instance.vcpus),
            ("MB of memory", needs.memory_mib, self.instance.host_memory_mib),
        )
        for what, wanted, there in lacks:
            if wanted > there:
                return f"a copy needs {wanted:g} {what}, and an instance of type {self.instance.name} has {there}"
        return None

    def _fits(self, needs: Needs, index: int) -> bool:
        there = [placed for i, placed in self._placed.values() if i == index]
        return (
            sum(one.accelerators for one in there) + needs.accelerators <= self.instance.gpus
            and sum(one.cpu_cores for one in there) + needs.cpu_cores <= self.instance.vcpus
            and sum(one.memory_mib for one in there) + needs.memory_mib <= self.instance.host_memory_mib
        )
