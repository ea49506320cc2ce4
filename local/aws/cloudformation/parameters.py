"""A stack's parameters: what a request gives, checked against what the template declares.

It does not know Systems Manager: an ``AWS::SSM::Parameter::Value<…>`` is looked up by a function that the caller
passes.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.aws.cloudformation.errors import ValidationError

LookUp = Callable[[Sequence[str]], Mapping[str, str]]

_SSM_VALUE = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
_LIST = re.compile(r"CommaDelimitedList|List<.+>")
_SINGLE = re.compile(r"String|Number|AWS::(?!SSM::Parameter::Value).+")


@dataclass(frozen=True, kw_only=True)
class GivenParameter:
    """One parameter of a request: a value, or the wish to keep the stack's own."""

    key: str
    value: str | None = None
    use_previous_value: bool = False


@dataclass(frozen=True, kw_only=True)
class ParameterValue:
    """A parameter as a stack holds it.

    Attributes:
        given: the text that was given, or the default.
        resolved: for a Systems Manager parameter its value at the time of the deployment.
        value: what ``Ref`` gives: a text, or a list of texts.
    """

    key: str
    given: str
    value: str | list[str]
    resolved: str | None = None
    no_echo: bool = False


def resolve_parameters(
    declared: Mapping[str, Mapping[str, Any]],
    given: Sequence[GivenParameter],
    *,
    previous: Mapping[str, ParameterValue],
    look_up: LookUp,
) -> dict[str, ParameterValue]:
    """Give every declared parameter its value.

    Args:
        declared: the template's ``Parameters``.
        given: the request's parameters.
        previous: the stack's own values, for those that the request wants kept.
        look_up: gives the values of Systems Manager parameters by name; a name without one is left out.

    Raises:
        ValidationError: a parameter is unknown, lacks a value or breaks its constraint.
    """
    if undeclared := [parameter.key for parameter in given if parameter.key not in declared]:
        raise ValidationError(f"Parameters: [{', '.join(undeclared)}] do not exist in the template")
    by_key = {parameter.key: parameter for parameter in given}
    texts = {key: _given_text(key, definition, by_key.get(key), previous) for key, definition in declared.items()}
    if missing := [key for key, text in texts.items() if text is None]:
        raise ValidationError(f"Parameters: [{', '.join(missing)}] must have values")
    stored = _look_up_all(declared, {key: str(text) for key, text in texts.items()}, look_up)
    return {key: _value(key, declared[key], str(text), stored) for key, text in texts.items()}


def _given_text(
    key: str, definition: Mapping[str, Any], given: GivenParameter | None, previous: Mapping[str, ParameterValue]
) -> str | None:
    if given is None:
        default = definition.get("Default")
        return None if default is None else _plain(default)
    if given.use_previous_value:
        if key not in previous:
            raise ValidationError(
                f"Invalid input for parameter key {key}. "
                "Cannot specify usePreviousValue as true for a parameter key not in the previous template"
            )
        return previous[key].given
    return given.value


def _plain(default: Any) -> str:
    if isinstance(default, bool):
        return "true" if default else "false"
    return ",".join(map(str, default)) if isinstance(default, list) else str(default)


def _look_up_all(
    declared: Mapping[str, Mapping[str, Any]], texts: Mapping[str, str], look_up: LookUp
) -> Mapping[str, str]:
    names = [texts[key] for key, definition in declared.items() if _SSM_VALUE.fullmatch(definition["Type"])]
    stored = look_up(names) if names else {}
    if absent := [name for name in names if name not in stored]:
        raise ValidationError(f"Unable to fetch parameters [{','.join(absent)}] from parameter store for this account.")
    return stored


def _value(key: str, definition: Mapping[str, Any], text: str, stored: Mapping[str, str]) -> ParameterValue:
    type_ = definition["Type"]
    resolved = None
    if match := _SSM_VALUE.fullmatch(type_):
        type_, resolved = match.group(1), stored[text]
    if not _LIST.fullmatch(type_) and not _SINGLE.fullmatch(type_):
        raise ValidationError(f"Template format error: Unrecognized parameter type: {type_}")
    final = text if resolved is None else resolved
    is_list = bool(_LIST.fullmatch(type_))
    value = [item.strip() for item in final.split(",")] if is_list and final else [] if is_list else final
    for item in value if isinstance(value, list) else [value]:
        _check(key, definition, type_, item)
    return ParameterValue(
        key=key,
        given=text,
        value=value,
        resolved=resolved,
        no_echo=str(definition.get("NoEcho", False)).lower() == "true",
    )


def _check(key: str, definition: Mapping[str, Any], type_: str, text: str) -> None:
    if problem := _problem(definition, type_, text):
        if constraint := definition.get("ConstraintDescription"):
            raise ValidationError(f"Parameter {key} failed to satisfy constraint: {constraint}")
        raise ValidationError(f"Parameter '{key}' must {problem}")


def _problem(definition: Mapping[str, Any], type_: str, text: str) -> str | None:
    allowed = definition.get("AllowedValues")
    if allowed is not None and text not in [_plain(value) for value in allowed]:
        return "be one of AllowedValues"
    pattern = definition.get("AllowedPattern")
    if pattern is not None and not re.fullmatch(pattern, text):
        return f"match pattern {pattern}"
    if "MinLength" in definition and len(text) < int(definition["MinLength"]):
        return f"contain at least {definition['MinLength']} characters"
    if "MaxLength" in definition and len(text) > int(definition["MaxLength"]):
        return f"contain at most {definition['MaxLength']} characters"
    return _number_problem(definition, text) if "Number" in type_ else None


def _number_problem(definition: Mapping[str, Any], text: str) -> str | None:
    try:
        number = float(text)
    except ValueError:
        return "be a number"
    if "MinValue" in definition and number < float(definition["MinValue"]):
        return f"be a number not less than {definition['MinValue']}"
    if "MaxValue" in definition and number > float(definition["MaxValue"]):
        return f"be a number not greater than {definition['MaxValue']}"
    return None
