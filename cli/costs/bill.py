"""What a project's stacks cost together."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cli.costs.budget import BudgetState, read_budgets
from cli.costs.cost import Cost
from cli.costs.reckoning import price
from cli.costs.resource import list_resources
from model.hardware import PRICES_READ, PRICES_REGION
from model.standing_prices import HOURS_PER_MONTH, STANDING_PRICES_READ

if TYPE_CHECKING:
    from boto3 import Session

NOT_PRICED = "requests, tokens, data transfer, storage, log lines, load balancer capacity units, taxes, discounts"


@dataclass(frozen=True, kw_only=True)
class Bill:
    """What runs now and what it costs.

    Attributes:
        region: where it runs.
        stacks: whose resources were looked at.
        costs: one for each resource that is billed, or of which it is not known.
    """

    region: str
    stacks: tuple[str, ...]
    costs: tuple[Cost, ...]
    budgets: tuple[BudgetState, ...]

    @property
    def usd_per_hour(self) -> float:
        """All that is known, together."""
        return sum(cost.usd_per_hour or 0.0 for cost in self.costs)

    @property
    def usd_per_month(self) -> float:
        """All that is known, at this rate."""
        return self.usd_per_hour * HOURS_PER_MONTH

    @property
    def unknown(self) -> tuple[Cost, ...]:
        """What nobody knows the price of: the sums are without it."""
        return tuple(cost for cost in self.costs if cost.usd_per_hour is None)

    def to_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "region": self.region,
            "stacks": list(self.stacks),
            "usd_per_hour": self.usd_per_hour,
            "usd_per_month": self.usd_per_month,
            "complete": not self.unknown,
            "costs": [cost.to_json() for cost in self.costs],
            "budgets": [asdict(budget) for budget in self.budgets],
            "not_priced": NOT_PRICED,
            "prices": {
                "region": PRICES_REGION,
                "instances_read": PRICES_READ,
                "standing_read": STANDING_PRICES_READ,
                "hours_per_month": HOURS_PER_MONTH,
            },
        }


def make_bill(session: "Session", stacks: Sequence[str]) -> Bill:
    """Price what the stacks hold now.

    Raises:
        botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError: AWS could not be asked.
    """
    resources = list_resources(session, stacks)
    return Bill(
        region=session.region_name,
        stacks=tuple(stacks),
        costs=tuple(price(session, resources)),
        budgets=tuple(read_budgets(session, resources)),
    )
