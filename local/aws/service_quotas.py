"""Service Quotas of the local AWS: how many instances of each type may run for endpoints, and more on request.

It has the one service and the one kind of quota that this local AWS enforces (sagemaker/quotas.py). Codes are this
local AWS's own: a client finds a quota by its name.
"""

import hashlib
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import BaseResponse

from local.aws.sagemaker.hosting import Hostings
from local.aws.wire.errors import NoSuchResourceException, ValidationException
from local.aws.wire.paging import page
from local.aws.wire.place import Place
from local.aws.wire.response import ServiceResponse
from local.aws.wire.service import AwsService, Params

_SERVICE = {"ServiceCode": "sagemaker", "ServiceName": "Amazon SageMaker"}
_LARGEST_PAGE = 100


class ServiceQuotas:
    """Lists quotas and grants increases, at once: there is nobody to ask.

    Args:
        hostings: what SageMaker hosts, by place, and with it the quotas.
    """

    def __init__(self, *, hostings: Hostings) -> None:
        self._hostings = hostings
        actions = {
            "ListServiceQuotas": self.list_quotas,
            "GetServiceQuota": self.get_quota,
            "RequestServiceQuotaIncrease": self.request_increase,
        }
        self.api = AwsService(name="service-quotas", actions=actions)

    def make_response(self) -> BaseResponse:
        """What answers one request, for the dispatcher (by the name ``servicequotas``)."""
        return ServiceResponse(self.api)

    def list_quotas(self, place: Place, params: Params) -> Mapping[str, Any]:
        """ListServiceQuotas."""
        quotas, token = page(self._quotas(place, params), params, most=_LARGEST_PAGE)
        return {"Quotas": quotas, **({"NextToken": token} if token else {})}

    def get_quota(self, place: Place, params: Params) -> Mapping[str, Any]:
        """GetServiceQuota."""
        return {"Quota": self._find(place, params)}

    def request_increase(self, place: Place, params: Params) -> Mapping[str, Any]:
        """RequestServiceQuotaIncrease."""
        quota, wanted = self._find(place, params), params["DesiredValue"]
        if wanted <= quota["Value"]:
            raise ValidationException(
                f"DesiredValue {wanted:g} must be more than the quota's value, which is {quota['Value']:g}."
            )
        self._hostings(place).quotas.grant(quota["QuotaName"].split(" ")[0], int(wanted))
        now = datetime.now(UTC)
        kept = {key: quota[key] for key in (*_SERVICE, "QuotaCode", "QuotaName", "QuotaArn", "GlobalQuota", "Unit")}
        request = {"Id": uuid.uuid4().hex, "DesiredValue": wanted, "Status": "APPROVED", "Created": now}
        return {"RequestedQuota": {**kept, **request, "LastUpdated": now}}

    def _find(self, place: Place, params: Params) -> Mapping[str, Any]:
        for quota in self._quotas(place, params):
            if quota["QuotaCode"] == params["QuotaCode"]:
                return quota
        raise NoSuchResourceException("The request failed because the specified service quota does not exist.")

    def _quotas(self, place: Place, params: Params) -> list[dict[str, Any]]:
        if params["ServiceCode"] != _SERVICE["ServiceCode"]:
            raise NoSuchResourceException(
                f"This local AWS has the quotas of {_SERVICE['ServiceCode']}, not of {params['ServiceCode']}."
            )
        limits = self._hostings(place).quotas.limits()
        return [_describe(place, instance, limit) for instance, limit in sorted(limits.items())]


def _describe(place: Place, instance: str, limit: int) -> dict[str, Any]:
    name = f"{instance} for endpoint usage"
    code = f"L-{hashlib.sha256(name.encode()).hexdigest()[:8].upper()}"
    return {
        **_SERVICE,
        "QuotaArn": f"arn:{place.partition}:servicequotas:{place.region}:{place.account_id}:sagemaker/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": float(limit),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
