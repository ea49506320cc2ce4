"""The budgets that the stacks made: how much is spent of how much, as AWS Budgets reckons it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.costs.resource import Resource
from cli.diagnosis.refusals import describe_refusal

if TYPE_CHECKING:
    from boto3 import Session


@dataclass(frozen=True, kw_only=True)
class BudgetState:
    """One budget.

    Attributes:
        limit_usd: what may be spent in a month; None where it could not be read.
        spent_usd: what was, by AWS's last reckoning, which is hours old.
        forecast_usd: what will be at this pace; None where AWS does not say yet.
        refusal: why it could not be read; empty where it was.
    """

    name: str
    limit_usd: float | None = None
    spent_usd: float | None = None
    forecast_usd: float | None = None
    refusal: str = ""


def read_budgets(session: "Session", resources: Iterable[Resource]) -> list[BudgetState]:
    """The budgets among the resources of stacks."""
    names = [resource.physical_id for resource in resources if resource.type == "AWS::Budgets::Budget"]
    if not names:
        return []
    account: Any = session.client("sts").get_caller_identity()["Account"]
    return [_read(session, name, account) for name in names]


def _read(session: "Session", name: str, account: str) -> BudgetState:
    client: Any = session.client("budgets")
    try:
        budget = client.describe_budget(AccountId=account, BudgetName=name)["Budget"]
    except ClientError as error:
        return BudgetState(name=name, refusal=describe_refusal(name, error).text)
    spend = budget.get("CalculatedSpend", {})
    return BudgetState(
        name=name,
        limit_usd=_amount(budget.get("BudgetLimit")),
        spent_usd=_amount(spend.get("ActualSpend")),
        forecast_usd=_amount(spend.get("ForecastedSpend")),
    )


def _amount(told: Any) -> float | None:
    return float(told["Amount"]) if told else None
