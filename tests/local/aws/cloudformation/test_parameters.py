from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from local.aws.cloudformation.errors import ValidationError
from local.aws.cloudformation.parameters import GivenParameter, ParameterValue, resolve_parameters

STORED = {"/vpc/id": "vpc-1", "/zones": "a, b"}


def look_up(names: Sequence[str]) -> Mapping[str, str]:
    return {name: STORED[name] for name in names if name in STORED}


def resolve(
    declared: Mapping[str, Any], previous: Mapping[str, ParameterValue] | None = None, **given: str | bool
) -> dict[str, ParameterValue]:
    requested = [
        GivenParameter(key=key, use_previous_value=True) if value is True else GivenParameter(key=key, value=str(value))
        for key, value in given.items()
    ]
    return resolve_parameters(declared, requested, previous=previous or {}, look_up=look_up)


@pytest.mark.parametrize(
    ("definition", "given", "value"),
    [
        ({"Type": "String"}, "x", "x"),
        ({"Type": "Number", "MinValue": 1}, "2", "2"),
        ({"Type": "CommaDelimitedList"}, "a, b,c", ["a", "b", "c"]),
        ({"Type": "CommaDelimitedList"}, "", []),
        ({"Type": "List<Number>"}, "1,2", ["1", "2"]),
        ({"Type": "AWS::EC2::VPC::Id"}, "vpc-9", "vpc-9"),
        ({"Type": "AWS::SSM::Parameter::Value<String>"}, "/vpc/id", "vpc-1"),
        ({"Type": "AWS::SSM::Parameter::Value<List<String>>"}, "/zones", ["a", "b"]),
        ({"Type": "AWS::SSM::Parameter::Name"}, "/vpc/id", "/vpc/id"),
    ],
)
def test_a_given_value_is_read_by_its_type(definition: Any, given: str, value: Any) -> None:
    assert resolve({"P": definition}, P=given)["P"].value == value


def test_a_systems_manager_parameter_keeps_its_name_beside_its_value() -> None:
    found = resolve({"P": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/vpc/id"}})["P"]
    assert (found.given, found.resolved) == ("/vpc/id", "vpc-1")


def test_a_default_is_used_where_nothing_is_given() -> None:
    assert resolve({"P": {"Type": "Number", "Default": 3}})["P"].value == "3"


def test_the_previous_value_is_kept_where_the_request_wants_it() -> None:
    previous = resolve({"P": {"Type": "String"}}, P="old")
    assert resolve({"P": {"Type": "String", "Default": "new"}}, previous, P=True)["P"].value == "old"


@pytest.mark.parametrize(
    ("definition", "given", "message"),
    [
        ({"Type": "String", "AllowedValues": ["a", "b"]}, "c", "Parameter 'P' must be one of AllowedValues"),
        ({"Type": "String", "AllowedPattern": "[a-z]+"}, "A1", "must match pattern"),
        ({"Type": "String", "MinLength": 3}, "ab", "at least 3 characters"),
        ({"Type": "String", "MaxLength": "1"}, "ab", "at most 1 characters"),
        ({"Type": "Number"}, "x", "must be a number"),
        ({"Type": "Number", "MinValue": 2}, "1", "not less than 2"),
        ({"Type": "List<Number>", "MaxValue": 2}, "1,3", "not greater than 2"),
        (
            {"Type": "String", "MinLength": 3, "ConstraintDescription": "three letters"},
            "ab",
            "failed to satisfy constraint: three letters",
        ),
        ({"Type": "AWS::SSM::Parameter::Value<String>"}, "/none", r"Unable to fetch parameters \[/none\]"),
        ({"Type": "Strin"}, "x", "Unrecognized parameter type: Strin"),
    ],
)
def test_a_value_that_breaks_its_declaration_is_refused(definition: Any, given: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        resolve({"P": definition}, P=given)


def test_parameters_without_a_value_are_all_named() -> None:
    with pytest.raises(ValidationError, match=r"Parameters: \[A, B\] must have values"):
        resolve({"A": {"Type": "String"}, "B": {"Type": "String"}})


def test_a_parameter_that_is_not_declared_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"Parameters: \[Q\] do not exist in the template"):
        resolve({}, Q="1")


def test_there_is_no_previous_value_to_use_of_a_new_parameter() -> None:
    with pytest.raises(ValidationError, match="usePreviousValue"):
        resolve({"P": {"Type": "String"}}, P=True)
