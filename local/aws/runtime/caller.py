"""Who calls and where, from the signature of a request. The signature is not checked: there are no secrets here."""

import re

from moto.iam.models import get_account_id_from

from local.aws.runtime.errors import MissingAuthentication
from local.aws.wire.place import Place

# AWS4-HMAC-SHA256 Credential=KEY/20261121/us-east-1/sagemaker/aws4_request, SignedHeaders=…, Signature=…
_SCOPE = re.compile(r"Credential=(?P<key>[^/,\s]+)/\d{8}/(?P<region>[a-z0-9-]+)/[a-z0-9-]+/aws4_request")


def caller_place(authorization: str | None) -> Place:
    """Return the account and the region that a request is signed for.

    Raises:
        MissingAuthentication: it is not signed by AWS's Signature Version 4.
    """
    scope = _SCOPE.search(authorization or "")
    if scope is None:
        raise MissingAuthentication
    return Place(account_id=get_account_id_from(scope["key"]), region=scope["region"])
