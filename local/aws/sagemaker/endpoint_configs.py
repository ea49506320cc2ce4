"""The operations on endpoint configurations."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.aws.sagemaker.endpoint_config import EndpointConfig, read_variants
from local.aws.sagemaker.hosting import Hostings
from local.aws.sagemaker.listing import Facts, page
from local.aws.sagemaker.roles import RoleCheck
from local.aws.wire.place import Place
from local.aws.wire.service import Action, Params


class EndpointConfigs:
    """Creates, describes, lists and deletes endpoint configurations.

    Args:
        hostings: what there is, by place.
        check_role: refuses a role that SageMaker could not assume.
    """

    def __init__(self, *, hostings: Hostings, check_role: RoleCheck) -> None:
        self._hostings = hostings
        self._check_role = check_role

    def actions(self) -> Mapping[str, Action]:
        """The operations by AWS's names."""
        return {
            "CreateEndpointConfig": self.create,
            "DescribeEndpointConfig": self.describe,
            "DeleteEndpointConfig": self.delete,
            "ListEndpointConfigs": self.list,
        }

    def create(self, place: Place, params: Params) -> Mapping[str, Any]:
        """CreateEndpointConfig."""
        name = params["EndpointConfigName"]
        variants = read_variants(params)
        self._check_role(place, params["ExecutionRoleArn"])
        hosting = self._hostings(place)
        config = EndpointConfig(
            name=name,
            arn=place.arn("endpoint-config", name),
            variants=variants,
            definition={key: value for key, value in params.items() if key != "Tags"},
            created_at=datetime.now(UTC),
        )
        with hosting.lock:
            hosting.configs.add(config)
            hosting.tags.add(config.arn, params.get("Tags", ()))
        return {"EndpointConfigArn": config.arn}

    def describe(self, place: Place, params: Params) -> Mapping[str, Any]:
        """DescribeEndpointConfig."""
        hosting = self._hostings(place)
        with hosting.lock:
            return hosting.configs.get(params["EndpointConfigName"]).describe()

    def delete(self, place: Place, params: Params) -> None:
        """DeleteEndpointConfig, also of one that an endpoint uses: the endpoint goes on with what it has."""
        hosting = self._hostings(place)
        with hosting.lock:
            config = hosting.configs.remove(params["EndpointConfigName"])
            hosting.tags.forget(config.arn)

    def list(self, place: Place, params: Params) -> Mapping[str, Any]:
        """ListEndpointConfigs."""
        hosting = self._hostings(place)
        with hosting.lock:
            configs, token = page(hosting.configs, params, facts=_facts)
        return {"EndpointConfigs": [_summary(config) for config in configs], "NextToken": token}


def _facts(config: EndpointConfig) -> Facts:
    return Facts(name=config.name, created_at=config.created_at, modified_at=config.created_at)


def _summary(config: EndpointConfig) -> dict[str, Any]:
    return {
        "EndpointConfigName": config.name,
        "EndpointConfigArn": config.arn,
        "CreationTime": config.created_at,
    }
