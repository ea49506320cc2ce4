"""Whose account an access key is of, found without making what moto's own search makes.

moto looks in every partition of AWS and so makes an IAM for each, with all of AWS's own policies read anew: seconds of
the first request. A key is only ever in an IAM that somebody has used, and there is no need to make the others.
"""

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam import models
from moto.iam.models import iam_backends


def look_only_in_what_is_used() -> None:
    """Change moto's search, once for the process."""
    models.get_account_id_from = _find_account


def _find_account(access_key: str) -> str:
    for account_id, partitions in list(iam_backends.items()):
        if any(access_key in iam.access_keys for iam in list(partitions.values())):
            return account_id
    return DEFAULT_ACCOUNT_ID
