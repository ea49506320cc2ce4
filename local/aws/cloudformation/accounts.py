"""One CloudFormation for each account and region, made when it is first asked for."""

import threading
from collections.abc import Mapping

from local.aws.api import AwsApi
from local.aws.cloudformation.provider import ResourceProvider
from local.aws.cloudformation.schema import SchemaCatalogue
from local.aws.cloudformation.service import CloudFormation, SettleTimes


class Accounts:
    """The CloudFormations of every account and region."""

    def __init__(
        self,
        *,
        aws: AwsApi,
        providers: Mapping[str, ResourceProvider],
        schemas: SchemaCatalogue,
        settle: SettleTimes | None = None,
    ) -> None:
        """Take what every one of them is given: the way to the other services, and providers by resource type."""
        self._aws = aws
        self._providers = providers
        self._schemas = schemas
        self._settle = settle or SettleTimes()
        self._made: dict[tuple[str, str], CloudFormation] = {}
        self._lock = threading.Lock()

    def of(self, account_id: str, region: str, partition: str) -> CloudFormation:
        """The CloudFormation of one account and region."""
        with self._lock:
            if (account_id, region) not in self._made:
                self._made[account_id, region] = CloudFormation(
                    account_id=account_id,
                    region=region,
                    partition=partition,
                    aws=self._aws,
                    providers=self._providers,
                    schemas=self._schemas,
                    settle=self._settle,
                )
            return self._made[account_id, region]
