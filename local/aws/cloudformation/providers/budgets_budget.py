"""AWS::Budgets::Budget."""

from collections.abc import Mapping
from typing import Any

from local.aws.cloudformation.provider import ProvisionedResource, ResourceRequest
from local.aws.cloudformation.providers.api_provider import ApiProvider, given, properties


class BudgetProvider(ApiProvider):
    """Budgets with their notifications. Their tags are part of the call and are not kept: moto has none for them."""

    service = "budgets"
    handled = properties("Budget NotificationsWithSubscribers ResourceTags")

    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Create the budget."""
        name = request.properties["Budget"].get("BudgetName", request.generated_name)
        self._create(client, request, name)
        return ProvisionedResource(physical_id=name, attributes={"Id": name})

    def configure(
        self, client: Any, request: ResourceRequest, resource: ProvisionedResource, before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Make a changed budget anew under its name."""
        if before:
            client.delete_budget(AccountId=request.account_id, BudgetName=resource.physical_id)
            self._create(client, request, resource.physical_id)
        return resource

    def remove(self, client: Any, request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the budget."""
        client.delete_budget(AccountId=request.account_id, BudgetName=resource.physical_id)

    @staticmethod
    def _create(client: Any, request: ResourceRequest, name: str) -> None:
        budget = {**request.properties["Budget"], "BudgetName": name}
        if limit := budget.get("BudgetLimit"):
            budget["BudgetLimit"] = {"Amount": str(limit["Amount"]), "Unit": limit["Unit"]}
        others = given(request.properties, "NotificationsWithSubscribers", "ResourceTags")
        client.create_budget(AccountId=request.account_id, Budget=budget, **others)
