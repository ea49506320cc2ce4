"""What one resource costs."""

from dataclasses import dataclass
from typing import Any

from cli.costs.resource import Resource
from model.standing_prices import HOURS_PER_MONTH


@dataclass(frozen=True, kw_only=True)
class HourlyRange:
    """What an endpoint may cost by the hour, in US dollars.

    Attributes:
        idle_usd: with the fewest instances that it keeps.
        least_usd: with the fewest that can serve.
        most_usd: with as many as it may grow to.
    """

    idle_usd: float
    least_usd: float
    most_usd: float


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one resource costs while it is there.

    Attributes:
        what: the kind of thing, for people.
        detail: what the price is reckoned from.
        usd_per_hour: US dollars an hour now; None where it is not known.
        range: of an endpoint whose prices are known.
        by_use: what else is billed for it, by use, in words; empty for nothing.
        is_going: whether it waits for its deletion.
    """

    resource: Resource
    what: str
    detail: str = ""
    usd_per_hour: float | None
    range: HourlyRange | None = None
    by_use: str = ""
    is_going: bool = False

    @property
    def usd_per_month(self) -> float | None:
        """US dollars a month at this rate."""
        return None if self.usd_per_hour is None else self.usd_per_hour * HOURS_PER_MONTH

    def to_json(self) -> dict[str, Any]:
        """The same as plain values."""
        span = self.range
        return {
            "stack": self.resource.stack,
            "type": self.resource.type,
            "name": self.resource.name,
            "what": self.what,
            "detail": self.detail,
            "usd_per_hour": self.usd_per_hour,
            "usd_per_month": self.usd_per_month,
            "by_use": self.by_use,
            **(
                {
                    "usd_per_hour_idle": span.idle_usd,
                    "usd_per_hour_least": span.least_usd,
                    "usd_per_hour_most": span.most_usd,
                }
                if span
                else {}
            ),
        }
