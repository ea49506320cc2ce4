"""The operations on endpoints."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from local.aws.sagemaker.endpoint import Endpoint, EndpointStatus
from local.aws.sagemaker.endpoint_config import EndpointConfig
from local.aws.sagemaker.hosting import Hosting, Hostings
from local.aws.sagemaker.listing import Facts, page
from local.aws.wire.errors import ValidationException
from local.aws.wire.place import Place
from local.aws.wire.service import Action, Params


class Endpoints:
    """Creates, describes, updates, lists and deletes endpoints.

    Args:
        hostings: what there is, by place.
        change_s: how long each change of an endpoint takes.
    """

    def __init__(self, *, hostings: Hostings, change_s: float) -> None:
        self._hostings = hostings
        self._change_s = change_s

    def actions(self) -> Mapping[str, Action]:
        """The operations by AWS's names."""
        return {
            "CreateEndpoint": self.create,
            "DescribeEndpoint": self.describe,
            "UpdateEndpoint": self.update,
            "DeleteEndpoint": self.delete,
            "ListEndpoints": self.list,
        }

    def create(self, place: Place, params: Params) -> Mapping[str, Any]:
        """CreateEndpoint."""
        name = params["EndpointName"]
        hosting = self._hostings(place)
        with hosting.lock:
            hosting.endpoints.refuse_taken(name)
            config = hosting.configs.get(params["EndpointConfigName"])
            _check_quotas(hosting, config)
            endpoint = Endpoint(name=name, arn=place.arn("endpoint", name), config=config, change_s=self._change_s)
            hosting.endpoints.add(endpoint)
            hosting.tags.add(endpoint.arn, params.get("Tags", ()))
        return {"EndpointArn": endpoint.arn}

    def describe(self, place: Place, params: Params) -> Mapping[str, Any]:
        """DescribeEndpoint."""
        hosting = self._hostings(place)
        with hosting.lock:
            return hosting.endpoints.get(params["EndpointName"]).describe()

    def update(self, place: Place, params: Params) -> Mapping[str, Any]:
        """UpdateEndpoint."""
        hosting = self._hostings(place)
        with hosting.lock:
            endpoint = hosting.endpoints.get(params["EndpointName"])
            config = hosting.configs.get(params["EndpointConfigName"])
            _refuse_in_progress(endpoint)
            for variant in {component.variant for component in hosting.components_on(endpoint)}:
                _refuse_moving(endpoint, config, variant)
            endpoint.update(config)
        return {"EndpointArn": endpoint.arn}

    def delete(self, place: Place, params: Params) -> None:
        """DeleteEndpoint."""
        hosting = self._hostings(place)
        with hosting.lock:
            endpoint = hosting.endpoints.get(params["EndpointName"])
            _refuse_in_progress(endpoint)
            _refuse_hosting(hosting, endpoint)
            endpoint.delete()

    def list(self, place: Place, params: Params) -> Mapping[str, Any]:
        """ListEndpoints."""
        hosting = self._hostings(place)
        with hosting.lock:
            endpoints, token = page(hosting.endpoints, params, facts=_facts)
            return {"Endpoints": [_summary(endpoint) for endpoint in endpoints], "NextToken": token}


def _check_quotas(hosting: Hosting, config: EndpointConfig) -> None:
    """Refuse a new endpoint whose first instances are more than the account may run."""
    used: Counter[str] = Counter()
    for endpoint in hosting.endpoints:
        for there in endpoint.instances.values():
            used[there.instance.name] += there.count
    wanted: Counter[str] = Counter()
    for variant in config.variants.values():
        wanted[variant.instance.name] += variant.range_.initial
    for instance, count in wanted.items():
        hosting.quotas.check(instance, used=used[instance], wanted=count)


def _refuse_in_progress(endpoint: Endpoint) -> None:
    if endpoint.status is not EndpointStatus.IN_SERVICE:
        raise ValidationException(f'Cannot update in-progress endpoint "{endpoint.arn}".')


def _refuse_hosting(hosting: Hosting, endpoint: Endpoint) -> None:
    components = hosting.components_on(endpoint)
    if components:
        names = ", ".join(component.name for component in components)
        raise ValidationException(
            f'Cannot delete endpoint "{endpoint.arn}" while it has inference components: {names}. Delete them first.'
        )


def _refuse_moving(endpoint: Endpoint, config: EndpointConfig, variant: str) -> None:
    """A component stays on the instances it was placed on: AWS cannot change their type under it."""
    kept = config.variants.get(variant)
    if kept is None or kept.instance != endpoint.config.variants[variant].instance:
        becomes = "is missing" if kept is None else f"has instances of type {kept.instance.name}"
        raise ValidationException(
            f'Cannot update endpoint "{endpoint.arn}": variant "{variant}" hosts inference components on instances of '
            f'type {endpoint.config.variants[variant].instance.name}, and in endpoint configuration "{config.name}" '
            f"it {becomes}."
        )


def _facts(endpoint: Endpoint) -> Facts:
    return Facts(
        name=endpoint.name, created_at=endpoint.created_at, modified_at=endpoint.modified_at, status=endpoint.status
    )


def _summary(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "CreationTime": endpoint.created_at,
        "LastModifiedTime": endpoint.modified_at,
        "EndpointStatus": endpoint.status,
    }
