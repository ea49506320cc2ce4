from typing import Any

import pytest

from local.aws.cloudformation.conditions import check_rules, evaluate
from local.aws.cloudformation.errors import ValidationError


def holds(expression: Any) -> bool:
    return evaluate(expression, resolve=lambda value: value, condition=lambda name: name == "Yes")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"Fn::Equals": ["a", "a"]}, True),
        ({"Fn::Equals": [True, "true"]}, True),
        ({"Fn::Equals": [1, "1"]}, True),
        ({"Fn::Equals": ["a", "A"]}, False),
        ({"Fn::Not": [{"Condition": "Yes"}]}, False),
        ({"Fn::And": [{"Condition": "Yes"}, {"Fn::Equals": [1, 1]}]}, True),
        ({"Fn::Or": [{"Condition": "No"}, {"Condition": "Yes"}]}, True),
        ({"Fn::Contains": [["a", "b"], "b"]}, True),
        ({"Fn::EachMemberIn": [["a"], ["a", "b"]]}, True),
        ({"Fn::EachMemberEquals": [["a", "b"], "a"]}, False),
    ],
)
def test_boolean_functions(expression: Any, expected: bool) -> None:
    assert holds(expression) is expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ({"Fn::Not": []}, "Fn::Not takes a list of 1 to 1 arguments"),
        ({"Fn::Xor": [1, 2]}, "Fn::Xor is unknown"),
        ("perhaps", "must be one boolean function"),
    ],
)
def test_an_expression_that_is_none_is_refused(expression: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        holds(expression)


def test_a_rule_that_does_not_hold_is_refused_with_its_description() -> None:
    rules = {
        "CheckBootstrapVersion": {
            "Assertions": [
                {
                    "Assert": {"Fn::Not": [{"Fn::Contains": [["1", "2"], "2"]}]},
                    "AssertDescription": "version 6 required",
                }
            ]
        },
        "NotApplied": {"RuleCondition": {"Condition": "No"}, "Assertions": [{"Assert": False}]},
    }
    with pytest.raises(ValidationError, match="Rule CheckBootstrapVersion failed: version 6 required"):
        check_rules(rules, resolve=lambda value: value, condition=lambda name: name == "Yes")
