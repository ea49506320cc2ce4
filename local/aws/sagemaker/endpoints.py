"""The operations on endpoints."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from local.aws.sagemaker.endpoint import Endpoint, EndpointStatus
from local.aws.sagemaker.endpoint_config import EndpointConfig, Variant
from local.aws.sagemaker.hosting import Hosting, Hostings
from local.aws.sagemaker.listing import Facts, page
from local.aws.wire.errors import ValidationException
from local.aws.wire.place import Place
from local.aws.wire.service import Action, Params
from model.hardware import InstanceType


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
            endpoint = Endpoint(
                name=name,
                arn=place.arn("endpoint", name),
                config=config,
                types=_choose_types(hosting, config),
                change_s=self._change_s,
            )
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
            types = {name: variant.types[0] for name, variant in config.variants.items()}
            endpoint.update(config, types=types)
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


def _choose_types(hosting: Hosting, config: EndpointConfig) -> dict[str, InstanceType]:
    """Choose of what type the first instances of each variant are; refuse more than the account may run.

    AWS goes to the next pool where it has no instance to give. Nothing is rented here, so the quota stands for that: a
    type that it leaves no room for is passed over. All instances of a variant are of one type here; AWS mixes them.
    """
    used: Counter[str] = Counter()
    for endpoint in hosting.endpoints:
        for there in endpoint.instances.values():
            used[there.instance.name] += there.count
    chosen: dict[str, InstanceType] = {}
    for name, variant in config.variants.items():
        wanted, limits = variant.range_.initial, hosting.quotas.limits()
        free = (one for one in variant.types if used[one.name] + wanted <= limits[one.name])
        chosen[name] = next(free, variant.types[-1])
        hosting.quotas.check(chosen[name].name, used=used[chosen[name].name], wanted=wanted)
        used[chosen[name].name] += wanted
    return chosen


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
    before = endpoint.config.variants[variant]
    if kept is None or kept.types != before.types:
        becomes = "is missing" if kept is None else f"has instances of type {_name(kept)}"
        raise ValidationException(
            f'Cannot update endpoint "{endpoint.arn}": variant "{variant}" hosts inference components on instances of '
            f'type {_name(before)}, and in endpoint configuration "{config.name}" '
            f"it {becomes}."
        )


def _name(variant: Variant) -> str:
    return " or ".join(one.name for one in variant.types)


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
