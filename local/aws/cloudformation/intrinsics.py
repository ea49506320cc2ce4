"""CloudFormation's intrinsic functions: a template's value in, plain data out.

It knows what each function does. What a name stands for (a parameter, a resource, an export) it asks its scope, so
the same code serves a deployment, in which every name has a value, and a change set, in which some are
:class:`~.values.Unknown`.
"""

import base64
import ipaddress
import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from local.aws.cloudformation import references
from local.aws.cloudformation.conditions import evaluate
from local.aws.cloudformation.errors import ValidationError
from local.aws.cloudformation.values import NO_VALUE, Unknown, has_unknown, unknown


class Scope(Protocol):
    """What names stand for."""

    @property
    def mappings(self) -> Mapping[str, Mapping[str, Any]]:
        """The template's ``Mappings``."""
        ...

    def ref(self, name: str) -> Any:
        """The value of a parameter, a pseudo parameter or a resource."""
        ...

    def attribute(self, logical_id: str, name: str) -> Any:
        """The value of a resource's attribute."""
        ...

    def condition(self, name: str) -> bool:
        """Whether a condition holds."""
        ...

    def export(self, name: str) -> str:
        """The value of another stack's export."""
        ...

    def availability_zones(self, region: str) -> list[str]:
        """The zones of a region, or of the stack's own where the name is empty."""
        ...


class Resolver:
    """Resolves values in one scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::If": self._if,
            "Fn::FindInMap": self._find_in_map,
            "Fn::ImportValue": self._import_value,
            "Fn::GetAZs": self._get_azs,
            "Fn::Base64": self._base64,
            "Fn::Cidr": self._cidr,
            "Fn::Length": self._length,
            "Fn::ToJsonString": self._to_json_string,
        }

    def resolve(self, value: Any) -> Any:
        """Give the value with every function replaced by what it gives.

        Raises:
            ValidationError: a function is unknown or its arguments cannot be right.
        """
        if isinstance(value, list):
            items = [self.resolve(item) for item in value]
            return [item for item in items if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if function := self._functions.get(name):
                return function(argument)
            if name.startswith("Fn::"):
                return self._boolean(name, argument)
        resolved = {key: self.resolve(item) for key, item in value.items()}
        return {key: item for key, item in resolved.items() if item is not NO_VALUE}

    def _boolean(self, name: str, argument: Any) -> bool:
        return evaluate({name: argument}, resolve=self.resolve, condition=self._scope.condition)

    def _arguments(self, name: str, argument: Any, *counts: int) -> list[Any]:
        if not isinstance(argument, list) or len(argument) not in counts:
            expected = " or ".join(str(count) for count in counts)
            raise ValidationError(
                f"Template error: {name} object requires a list of {expected} parameters, not {argument!r}."
            )
        return argument

    def _ref(self, argument: Any) -> Any:
        if not isinstance(argument, str):
            raise ValidationError(f"Template error: Ref must name a parameter or a resource, not {argument!r}.")
        return self._scope.ref(argument)

    def _get_att(self, argument: Any) -> Any:
        if not isinstance(argument, str) and not (isinstance(argument, list) and len(argument) >= 2):
            raise ValidationError(
                f"Template error: Fn::GetAtt object requires two non-empty parameters, not {argument!r}."
            )
        logical_id, attribute = references.attribute_reference(argument)
        return self._scope.attribute(logical_id, str(self.resolve(attribute)))

    def _sub(self, argument: Any) -> str:
        text, variables = (argument, {}) if isinstance(argument, str) else self._arguments("Fn::Sub", argument, 2)
        if not isinstance(text, str):
            raise ValidationError(
                f"Template error: Fn::Sub must be a text, or a text and its variables, not {argument!r}."
            )
        values: list[Any] = []

        def substitute(name: str) -> str:
            if name in variables:
                value = self.resolve(variables[name])
            elif "." in name:
                value = self._scope.attribute(*references.attribute_reference(name))
            else:
                value = self._scope.ref(name)
            values.append(value)
            return _text("Fn::Sub", value)

        replaced = references.SUB_VARIABLE.sub(lambda match: substitute(match.group(1).strip()), text)
        return _known(replaced.replace("${!", "${"), values)

    def _join(self, argument: Any) -> str:
        delimiter, items = self._arguments("Fn::Join", argument, 2)
        values = self.resolve(items)
        if isinstance(values, Unknown):
            return values
        if not isinstance(values, list):
            raise ValidationError(f"Template error: every Fn::Join object requires a list of strings, not {items!r}.")
        return _known(str(delimiter).join(_text("Fn::Join", value) for value in values), values)

    def _select(self, argument: Any) -> Any:
        index, items = (self.resolve(part) for part in self._arguments("Fn::Select", argument, 2))
        if isinstance(items, Unknown) or isinstance(index, Unknown):
            return unknown()
        if not isinstance(items, list) or not str(index).isdigit() or int(index) >= len(items):
            raise ValidationError(f"Template error: Fn::Select cannot select nonexistent value at index {index}.")
        return items[int(index)]

    def _split(self, argument: Any) -> Any:
        delimiter, text = self._arguments("Fn::Split", argument, 2)
        value = self.resolve(text)
        return value if isinstance(value, Unknown) else _text("Fn::Split", value).split(delimiter)

    def _if(self, argument: Any) -> Any:
        condition, then, otherwise = self._arguments("Fn::If", argument, 3)
        return self.resolve(then if self._scope.condition(condition) else otherwise)

    def _find_in_map(self, argument: Any) -> Any:
        keys = self.resolve(self._arguments("Fn::FindInMap", argument, 3, 4)[:3])
        if has_unknown(keys):
            return unknown()
        found: Any = self._scope.mappings
        for key in keys:
            found = found.get(str(key)) if isinstance(found, dict) else None
        if found is None and len(argument) == 4:
            return self.resolve(argument[3].get("DefaultValue"))
        if found is None:
            raise ValidationError(f"Template error: Unable to get mapping for {'::'.join(str(key) for key in keys)}")
        return found

    def _import_value(self, argument: Any) -> str:
        name = self.resolve(argument)
        return unknown() if isinstance(name, Unknown) else self._scope.export(_text("Fn::ImportValue", name))

    def _get_azs(self, argument: Any) -> list[str]:
        return self._scope.availability_zones(_text("Fn::GetAZs", self.resolve(argument)))

    def _base64(self, argument: Any) -> str:
        value = self.resolve(argument)
        return value if isinstance(value, Unknown) else base64.b64encode(_text("Fn::Base64", value).encode()).decode()

    def _cidr(self, argument: Any) -> Any:
        block, count, *bits = (self.resolve(part) for part in self._arguments("Fn::Cidr", argument, 2, 3))
        if has_unknown([block, count, *bits]):
            return unknown()
        try:
            network = ipaddress.ip_network(block)
            host_bits = int(bits[0]) if bits else (8 if network.version == 4 else 64)
            subnets = network.subnets(new_prefix=network.max_prefixlen - host_bits)
            blocks = [str(subnet) for subnet in itertools.islice(subnets, int(count))]
        except ValueError as error:
            raise ValidationError(f"Template error: Fn::Cidr of {argument!r}: {error}") from error
        if len(blocks) < int(count):
            raise ValidationError(
                f"Template error: Fn::Cidr: {block} has no room for {count} blocks of {host_bits} bits."
            )
        return blocks

    def _length(self, argument: Any) -> Any:
        value = self.resolve(argument)
        return unknown() if isinstance(value, Unknown) else len(value)

    def _to_json_string(self, argument: Any) -> str:
        value = self.resolve(argument)
        return _known(json.dumps(value, separators=(",", ":")), [value])


def _text(function: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise ValidationError(f"Template error: {function} takes strings; {value!r} is none.")


def _known(text: str, parts: list[Any]) -> str:
    return Unknown(text) if has_unknown(parts) else text
