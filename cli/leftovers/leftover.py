"""One thing that is still there."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """One thing that is left.

    Attributes:
        kind: what it is, for people.
        name: its name or id.
        billable: whether AWS bills anything for it.
        usd_per_month: US dollars a month while it is there; None where it is not known, or billed by use; of a stack
            what is known of what it holds.
        cost: the same in words.
        remove: the command that removes it; empty where nothing has to be done.
        stays: whether every destroy leaves it, as it does the logs that SageMaker makes.
    """

    kind: str
    name: str
    billable: bool
    usd_per_month: float | None
    cost: str
    remove: str
    stays: bool = False

    @property
    def should_go(self) -> bool:
        """Whether it is billed and a destroy, or somebody after it, had to remove it."""
        return self.billable and not self.stays

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def to_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)
