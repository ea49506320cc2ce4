"""An endpoint: a name under which the components on its variants are invoked.

Nothing runs for an endpoint itself, so its changes only take a moment: it is Creating, Updating or Deleting until the
moment is over. What takes time in truth is a component.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from local.aws.sagemaker.endpoint_config import EndpointConfig, Variant
from local.aws.sagemaker.instances import Instances
from local.aws.wire.errors import ValidationException
from model.hardware import InstanceType


class EndpointStatus(StrEnum):
    """The statuses that an endpoint has here."""

    CREATING = "Creating"
    IN_SERVICE = "InService"
    UPDATING = "Updating"
    DELETING = "Deleting"


class Endpoint:
    """An endpoint. Not thread-safe: the hosting's lock is held around every use.

    Args:
        name: in the case it was given.
        arn: its ARN.
        config: what it is made of.
        types: of what type the instances of each variant are.
        change_s: how long each change takes.
    """

    def __init__(
        self, *, name: str, arn: str, config: EndpointConfig, types: Mapping[str, InstanceType], change_s: float
    ) -> None:
        self.name = name
        self.arn = arn
        self.config = config
        self.created_at = datetime.now(UTC)
        self.instances = {
            name: Instances(instance=types[name], range_=variant.range_) for name, variant in config.variants.items()
        }
        self._change_s = change_s
        self._changing: EndpointStatus = EndpointStatus.CREATING
        self._changed_at = self.created_at
        self._change_over = time.monotonic() + change_s

    @property
    def status(self) -> EndpointStatus:
        """Its status now."""
        if self._changing is EndpointStatus.DELETING or time.monotonic() < self._change_over:
            return self._changing
        return EndpointStatus.IN_SERVICE

    @property
    def gone(self) -> bool:
        """Whether it was deleted and the deletion is over."""
        return self._changing is EndpointStatus.DELETING and time.monotonic() >= self._change_over

    @property
    def modified_at(self) -> datetime:
        """When its status changed last."""
        over = time.monotonic() >= self._change_over
        return self._changed_at + timedelta(seconds=self._change_s) if over else self._changed_at

    def variant(self, name: str | None) -> Variant:
        """Return a variant; without a name the only one.

        Raises:
            ValidationException: there is none of that name, or more than one to choose from.
        """
        variants = self.config.variants
        if name is None and len(variants) == 1:
            return next(iter(variants.values()))
        if name is None or name not in variants:
            raise ValidationException(
                f'Could not find variant "{name}" of endpoint "{self.arn}". It has: {", ".join(variants)}.'
            )
        return variants[name]

    def update(self, config: EndpointConfig, *, types: Mapping[str, InstanceType]) -> None:
        """Go over to another configuration. Instances stay, with what is placed on them, and take the new range."""
        for variant in config.variants.values():
            there = self.instances.setdefault(
                variant.name, Instances(instance=types[variant.name], range_=variant.range_)
            )
            there.range = variant.range_
        self.instances = {name: there for name, there in self.instances.items() if name in config.variants}
        self.config = config
        self._change(EndpointStatus.UPDATING)

    def delete(self) -> None:
        """Begin to go away."""
        self._change(EndpointStatus.DELETING)

    def describe(self) -> dict[str, Any]:
        """The answer of DescribeEndpoint."""
        return {
            "EndpointName": self.name,
            "EndpointArn": self.arn,
            "EndpointConfigName": self.config.name,
            "ProductionVariants": [self._describe_variant(variant) for variant in self.config.variants.values()],
            "EndpointStatus": self.status,
            "CreationTime": self.created_at,
            "LastModifiedTime": self.modified_at,
        }

    def _describe_variant(self, variant: Variant) -> dict[str, Any]:
        weight = variant.definition.get("InitialVariantWeight", 1.0)
        there = self.instances[variant.name]
        count = there.count
        pools = [
            {"InstanceType": one.name, "CurrentInstanceCount": count if one == there.instance else 0}
            for one in variant.types
        ]
        told = {name: variant.definition.get(name) for name in ("ManagedInstanceScaling", "RoutingConfig")}
        told["InstancePools"] = pools if len(pools) > 1 else None
        return {
            "VariantName": variant.name,
            "CurrentWeight": weight,
            "DesiredWeight": weight,
            "CurrentInstanceCount": count,
            "DesiredInstanceCount": count,
            **{name: value for name, value in told.items() if value},
        }

    def _change(self, status: EndpointStatus) -> None:
        self._changing = status
        self._changed_at = datetime.now(UTC)
        self._change_over = time.monotonic() + self._change_s
