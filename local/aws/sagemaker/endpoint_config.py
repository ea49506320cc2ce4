"""An endpoint configuration for inference components: variants of instances without a model of their own.

Endpoints with a model in the variant (the classic ones), serverless, asynchronous and shadow variants are refused here
by name: this local AWS hosts inference components only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.aws.containers.fleet_state import Routing
from local.aws.sagemaker.instances import InstanceRange
from local.aws.wire.errors import ValidationException
from local.aws.wire.service import Params
from model.errors import UnknownInstanceError
from model.hardware import InstanceType, find_instance

_NOT_HERE = {
    "AsyncInferenceConfig": "asynchronous inference",
    "ExplainerConfig": "explainers",
    "ShadowProductionVariants": "shadow variants",
}


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A variant of an endpoint: the instances that components are placed on.

    Attributes:
        name: its name.
        types: the types that its instances may be of, in the order in which they are tried: one, or those of pools.
        range_: how many instances there may be.
        routing: how a request finds a copy.
        definition: as it was given.
    """

    name: str
    types: tuple[InstanceType, ...]
    range_: InstanceRange
    routing: Routing
    definition: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class EndpointConfig:
    """An endpoint configuration as it was created.

    Attributes:
        name: in the case it was given.
        arn: its ARN.
        variants: by name.
        definition: the parameters of CreateEndpointConfig, tags excepted.
        created_at: when.
    """

    name: str
    arn: str
    variants: Mapping[str, Variant]
    definition: Mapping[str, Any]
    created_at: datetime

    def describe(self) -> dict[str, Any]:
        """The answer of DescribeEndpointConfig."""
        return {
            "EnableNetworkIsolation": False,
            **self.definition,
            "EndpointConfigArn": self.arn,
            "CreationTime": self.created_at,
        }


def read_variants(params: Params) -> dict[str, Variant]:
    """Read the variants of CreateEndpointConfig.

    Raises:
        ValidationException: what cannot be, or not here.
    """
    for name, what in _NOT_HERE.items():
        if params.get(name):
            raise ValidationException(f"This local AWS does not have {what} ({name}).")
    variants: dict[str, Variant] = {}
    for definition in params["ProductionVariants"]:
        variant = _read_variant(definition)
        if variant.name in variants:
            raise ValidationException(f"Variant names must be unique: '{variant.name}' is given twice.")
        variants[variant.name] = variant
    if not params.get("ExecutionRoleArn"):
        raise ValidationException(
            "ExecutionRoleArn is required for an endpoint configuration whose variants have no ModelName, "
            "as those that host inference components."
        )
    return variants


def _read_variant(definition: Params) -> Variant:
    name = definition["VariantName"]
    if model := definition.get("ModelName"):
        raise ValidationException(
            f"Variant '{name}' has the ModelName '{model}'. This local AWS hosts inference components only: leave "
            "ModelName out, set ExecutionRoleArn on the endpoint configuration and name the model in an inference "
            "component."
        )
    if definition.get("ServerlessConfig"):
        raise ValidationException(f"Variant '{name}' is serverless; this local AWS hosts inference components only.")
    return Variant(
        name=name,
        types=_types(name, definition),
        range_=_range(name, definition),
        routing=_routing(name, definition),
        definition=definition,
    )


def _types(variant: str, definition: Params) -> tuple[InstanceType, ...]:
    pools = sorted(definition.get("InstancePools", ()), key=lambda pool: int(pool["Priority"]))
    single = definition.get("InstanceType")
    if bool(pools) == bool(single):
        raise ValidationException(f"Variant '{variant}' needs an InstanceType or InstancePools, and not both.")
    names = [pool["InstanceType"] for pool in pools] or [single]
    if len({pool["Priority"] for pool in pools}) < len(pools) or len(set(names)) < len(names):
        raise ValidationException(f"Variant '{variant}': each type and each priority of InstancePools may come once.")
    try:
        return tuple(find_instance(name) for name in names)
    except UnknownInstanceError as error:
        raise ValidationException(f"Variant '{variant}': {error}") from error


def _range(variant: str, definition: Params) -> InstanceRange:
    initial = definition.get("InitialInstanceCount", 1)
    scaling = definition.get("ManagedInstanceScaling", {})
    if scaling.get("Status") != "ENABLED":
        return InstanceRange(initial=initial, least=initial, most=initial)
    least = scaling.get("MinInstanceCount", initial)
    most = scaling.get("MaxInstanceCount", max(initial, least))
    if not least <= initial <= most:
        raise ValidationException(
            f"Variant '{variant}': InitialInstanceCount {initial} must be between MinInstanceCount {least} and "
            f"MaxInstanceCount {most} of ManagedInstanceScaling."
        )
    return InstanceRange(initial=initial, least=least, most=most)


def _routing(variant: str, definition: Params) -> Routing:
    strategy = definition.get("RoutingConfig", {}).get("RoutingStrategy", Routing.RANDOM)
    try:
        return Routing(strategy)
    except ValueError:
        allowed = ", ".join(Routing)
        raise ValidationException(
            f"Variant '{variant}': this local AWS does not route by {strategy}; it has {allowed}."
        ) from None
