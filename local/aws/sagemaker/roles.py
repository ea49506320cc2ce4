"""Whether SageMaker could assume a role, by moto's IAM: AWS refuses a model whose role it cannot assume."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends

from local.aws.wire.errors import ValidationException
from local.aws.wire.place import Place

_PRINCIPAL = "sagemaker.amazonaws.com"

# Raises ValidationException for a role that SageMaker cannot assume.
RoleCheck = Callable[[Place, str], None]


def check_role(place: Place, role_arn: str) -> None:
    """Check that a role exists and trusts SageMaker.

    Raises:
        ValidationException: it does not, in AWS's words.
    """
    if not _trusts_sagemaker(place, role_arn):
        raise ValidationException(
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
            f"'{_PRINCIPAL}' to assume the role."
        )


def _trusts_sagemaker(place: Place, role_arn: str) -> bool:
    account_id = role_arn.split(":")[4]
    try:
        role = iam_backends[account_id][place.partition].get_role_by_arn(role_arn)
    except NotFoundException:
        return False
    document = json.loads(role.assume_role_policy_document or "{}")
    return any(_PRINCIPAL in _services(statement) for statement in _listed(document.get("Statement", [])))


def _services(statement: dict[str, Any]) -> Iterable[str]:
    principal = statement.get("Principal", {})
    if statement.get("Effect") != "Allow" or not isinstance(principal, dict):
        return []
    return _listed(principal.get("Service", []))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
