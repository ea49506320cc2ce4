"""Hours in which an endpoint is kept awake: what is written, and the two schedules that come of it."""

import re
import zoneinfo
from dataclasses import dataclass

from stacks.errors import NotAllowedError

_DAY = "MON|TUE|WED|THU|FRI|SAT|SUN"
_TIME = r"([01]\d|2[0-3]):[0-5]\d"
_FORM = re.compile(
    rf"(?P<days>({_DAY})(-({_DAY}))?) (?P<opens>{_TIME})-(?P<closes>{_TIME}) (?P<timezone>[A-Za-z][\w+/-]*)", re.ASCII
)


@dataclass(frozen=True, kw_only=True)
class OfficeHours:
    """The hours of a week in which somebody asks.

    Attributes:
        days: the first and the last day, as `MON-FRI`, or one.
        opens: when they begin, as `08:00`.
        closes: when they end, later on the same day.
        timezone: whose clock, by its IANA name.
    """

    days: str
    opens: str
    closes: str
    timezone: str

    def __str__(self) -> str:
        """As it is written in a setting."""
        return f"{self.days} {self.opens}-{self.closes} {self.timezone}"

    @property
    def opening(self) -> str:
        """When they begin, as a schedule of AWS."""
        return self._schedule(self.opens)

    @property
    def closing(self) -> str:
        """When they end, as a schedule of AWS."""
        return self._schedule(self.closes)

    def _schedule(self, time: str) -> str:
        """Return minute, hour, day of the month, month, day of the week, year.

        https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
        """
        hour, minute = time.split(":")
        return f"cron({int(minute)} {int(hour)} ? * {self.days} *)"


def parse_office_hours(setting: str, text: str) -> OfficeHours:
    """Read `MON-FRI 08:00-18:00 Europe/Berlin`.

    Raises:
        NotAllowedError: it is of another form, ends before it begins, or no clock is of that name.
    """
    match = _FORM.fullmatch(text)
    if match is None or match["opens"] >= match["closes"]:
        raise NotAllowedError(
            setting=setting, value=text, allowed="days, hours of one day and a time zone, as MON-FRI 08:00-18:00 UTC"
        )
    # A machine without a time zone database cannot tell; AWS then does.
    known = zoneinfo.available_timezones()
    if known and match["timezone"] not in known:
        raise NotAllowedError(setting=setting, value=text, allowed="a time zone by its IANA name, as Europe/Berlin")
    return OfficeHours(days=match["days"], opens=match["opens"], closes=match["closes"], timezone=match["timezone"])
