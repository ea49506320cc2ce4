"""The settings of the monitoring of one deployment: typed values, checked when they are made."""

import re
from dataclasses import dataclass

from stacks.errors import NotAllowedError
from stacks.log_retention import RETENTION_DAYS

PREFIX = "monitoring_"

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+")


@dataclass(frozen=True, kw_only=True)
class MonitoringSettings:
    """Who is told what, and when.

    Attributes:
        enabled: whether there is a monitoring stack. It is a stack of its own, and of an app with several the CDK CLI
            wants to be told which (`cdk deploy --all`): so it is asked for, and not there by itself.
        email: who is told of alarms and of the budget; AWS asks the address to confirm. None for nobody yet.
        budget_usd: what the account may cost in a month before somebody is told, in US dollars; None for no budget.
        log_retention_days: how long the logs of the containers are kept.
        slow_answer_s: how long the slowest tenth of the answers may take, in seconds.
    """

    enabled: bool = False
    email: str | None = None
    budget_usd: int | None = None
    log_retention_days: int = 30
    slow_answer_s: int = 60

    def __post_init__(self) -> None:
        if self.email is not None and not _EMAIL.fullmatch(self.email):
            self._refuse("email", self.email, "one e-mail address")
        if self.budget_usd is not None and self.budget_usd < 1:
            self._refuse("budget_usd", self.budget_usd, "1 or more")
        if self.budget_usd is not None and self.email is None:
            self._refuse("budget_usd", self.budget_usd, f"only beside {PREFIX}email, which is told")
        if self.log_retention_days not in RETENTION_DAYS:
            self._refuse("log_retention_days", self.log_retention_days, ", ".join(map(str, RETENTION_DAYS)))
        if self.slow_answer_s < 1:
            self._refuse("slow_answer_s", self.slow_answer_s, "1 or more")

    def _refuse(self, field: str, value: object, allowed: str) -> None:
        raise NotAllowedError(setting=f"{PREFIX}{field}", value=value, allowed=allowed)
