"""Where a request acts: one account in one region. It does not know who asks."""

from dataclasses import dataclass

from moto.utilities.utils import get_partition


@dataclass(frozen=True, kw_only=True)
class Place:
    """An account in a region; every name is unique within one."""

    account_id: str
    region: str

    @property
    def partition(self) -> str:
        """``aws``, ``aws-cn`` or ``aws-us-gov``."""
        return get_partition(self.region)

    def arn(self, kind: str, name: str) -> str:
        """A SageMaker ARN. SageMaker writes names in lower case there and takes them without regard to case."""
        return f"arn:{self.partition}:sagemaker:{self.region}:{self.account_id}:{kind}/{name.lower()}"
