"""What the account may cost in a month before somebody is told."""

from aws_cdk import aws_budgets as budgets
from constructs import Construct

# Percent of the budget, and whether spent or, at this pace, to be spent by the end of the month.
_ALERTS = ((80, "ACTUAL"), (100, "ACTUAL"), (100, "FORECASTED"))


class MonthlyBudget(Construct):
    """A budget over everything in the account; it stops nothing, it tells.

    It has no filter. One by tag matches nothing until somebody has activated the tag for billing, and one by service
    goes by a name of the bill: either could be wrong without anybody noticing, and would then never tell.

    Args:
        scope: the parent.
        construct_id: the id below it.
        limit_usd: US dollars a month.
        topic_arn: where it is announced.
    """

    def __init__(self, scope: Construct, construct_id: str, *, limit_usd: int, topic_arn: str) -> None:
        super().__init__(scope, construct_id)
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=limit_usd, unit="USD"),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind,
                        comparison_operator="GREATER_THAN",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=topic_arn)],
                )
                for percent, kind in _ALERTS
            ],
        )
