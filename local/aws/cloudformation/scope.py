"""What the names in one stack's template stand for, at one moment of a deployment or of a change set."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from local.aws.cloudformation.conditions import check_rules, evaluate
from local.aws.cloudformation.errors import ValidationError
from local.aws.cloudformation.intrinsics import Resolver
from local.aws.cloudformation.schema import SchemaCatalogue
from local.aws.cloudformation.stack import Stack, StackDefinition, StackResource
from local.aws.cloudformation.values import NO_VALUE, unknown

ResourceLookUp = Callable[[str], StackResource | None]


class StackSurroundings(Protocol):
    """What a template takes from outside its stack."""

    def availability_zones(self, region: str) -> list[str]:
        """The zones of a region."""
        ...

    def export(self, name: str) -> str:
        """The value of another stack's export; raises ValidationError where there is none."""
        ...


class StackScope:
    """Resolves the functions of one stack's template.

    Attributes:
        imports: the names of the exports that have been asked for so far.
    """

    def __init__(
        self,
        *,
        stack: Stack,
        definition: StackDefinition,
        resource: ResourceLookUp,
        surroundings: StackSurroundings,
        schemas: SchemaCatalogue,
    ) -> None:
        """Make a scope.

        ``resource`` gives a resource as it is now, or None for one that is not there yet: what refers to it is unknown.
        """
        self.imports: set[str] = set()
        self._definition = definition
        self._resource = resource
        self._surroundings = surroundings
        self._schemas = schemas
        self._conditions: dict[str, bool] = {}
        self._evaluating: list[str] = []
        self._pseudo: dict[str, Any] = {
            "AWS::AccountId": stack.account_id,
            "AWS::NoValue": NO_VALUE,
            "AWS::NotificationARNs": list(definition.notification_arns),
            "AWS::Partition": stack.partition,
            "AWS::Region": stack.region,
            "AWS::StackId": stack.id,
            "AWS::StackName": stack.name,
            "AWS::URLSuffix": "amazonaws.com.cn" if stack.partition == "aws-cn" else "amazonaws.com",
        }
        self._resolver = Resolver(self)
        for name in definition.template.conditions:  # all of them now: from here on threads only read them
            self.condition(name)

    def resolve(self, value: Any) -> Any:
        """Resolve every function in a value."""
        return self._resolver.resolve(value)

    def check_rules(self) -> None:
        """Raise a ValidationError where one of the template's rules does not hold."""
        check_rules(self._definition.template.rules, resolve=self.resolve, condition=self.condition)

    def resources_wanted(self) -> tuple[str, ...]:
        """The logical ids of the resources whose condition holds, as the template orders them."""
        resources = self._definition.template.resources.values()
        return tuple(r.logical_id for r in resources if r.condition is None or self.condition(r.condition))

    @property
    def mappings(self) -> Mapping[str, Mapping[str, Any]]:
        """The template's mappings."""
        return self._definition.template.mappings

    def ref(self, name: str) -> Any:
        """The value of a parameter, a pseudo parameter or a resource."""
        if name in self._pseudo:
            return self._pseudo[name]
        if name in self._definition.parameters:
            return self._definition.parameters[name].value
        resource = self._existing(name)
        return unknown() if resource is None or resource.physical is None else resource.physical.physical_id

    def attribute(self, logical_id: str, name: str) -> Any:
        """The value of a resource's attribute; of one not there yet it is unknown, but its name is checked."""
        resource = self._existing(logical_id)
        self._check_attribute(logical_id, name)
        if resource is None or resource.physical is None:
            return unknown()
        if name in resource.physical.attributes:
            return resource.physical.attributes[name]
        if name in resource.properties:
            return resource.properties[name]
        raise ValidationError(
            f"The local AWS does not give attribute {name} of resource {logical_id} ({resource.type})."
        )

    def condition(self, name: str) -> bool:
        """Whether a condition holds."""
        if name not in self._conditions:
            if name in self._evaluating:
                raise ValidationError(
                    f"Template format error: Circular dependencies among conditions: {', '.join(self._evaluating)}"
                )
            if name not in self._definition.template.conditions:
                raise ValidationError(f"Template format error: Unresolved condition dependency {name}")
            self._evaluating.append(name)
            expression = self._definition.template.conditions[name]
            self._conditions[name] = evaluate(expression, resolve=self.resolve, condition=self.condition)
            self._evaluating.remove(name)
        return self._conditions[name]

    def export(self, name: str) -> str:
        """The value of another stack's export."""
        value = self._surroundings.export(name)
        self.imports.add(name)
        return value

    def availability_zones(self, region: str) -> list[str]:
        """The zones of a region."""
        return self._surroundings.availability_zones(region)

    def _existing(self, logical_id: str) -> StackResource | None:
        definition = self._definition.template.resources.get(logical_id)
        if definition is None or (definition.condition is not None and not self.condition(definition.condition)):
            raise ValidationError(
                f"Template format error: Unresolved resource dependencies [{logical_id}] "
                "in the Resources block of the template"
            )
        return self._resource(logical_id)

    def _check_attribute(self, logical_id: str, name: str) -> None:
        type_ = self._definition.template.resources[logical_id].type
        if type_.startswith("Custom::") or type_ not in self._schemas:
            return
        if name.partition(".")[0] not in self._schemas.find(type_).document["properties"]:
            raise ValidationError(
                f"Template error: resource {logical_id} does not support attribute type {name} in Fn::GetAtt"
            )
