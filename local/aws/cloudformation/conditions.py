"""The boolean functions, of ``Conditions`` and of ``Rules``."""

from collections.abc import Callable, Mapping
from typing import Any

from local.aws.cloudformation.errors import ValidationError

Resolve = Callable[[Any], Any]


def evaluate(expression: Any, *, resolve: Resolve, condition: Callable[[str], bool]) -> bool:
    """Whether a boolean expression holds.

    Args:
        expression: ``{"Fn::Equals": […]}``, ``{"Condition": name}`` and so on, nested as deep as wanted.
        resolve: resolves the values that are compared.
        condition: whether the named condition holds.

    Raises:
        ValidationError: the expression is no boolean function or has the wrong number of arguments.
    """
    if isinstance(expression, bool) or expression in ("true", "false"):
        return expression in (True, "true")
    if not isinstance(expression, dict) or len(expression) != 1:
        raise ValidationError(
            f"Template format error: every condition must be one boolean function, not {expression!r}."
        )
    ((function, argument),) = expression.items()
    if function == "Condition":
        return condition(argument)
    if function not in _FUNCTIONS:
        raise ValidationError(f"Template error: {function} is unknown to the local AWS.")
    least, most = _ARGUMENT_COUNTS[function]
    if not isinstance(argument, list) or not least <= len(argument) <= most:
        raise ValidationError(
            f"Template error: {function} takes a list of {least} to {most} arguments, not {argument!r}."
        )
    return _FUNCTIONS[function](argument, resolve, lambda part: evaluate(part, resolve=resolve, condition=condition))


def check_rules(rules: Mapping[str, Mapping[str, Any]], *, resolve: Resolve, condition: Callable[[str], bool]) -> None:
    """Check the template's ``Rules`` against its parameters.

    Raises:
        ValidationError: an assertion does not hold.
    """
    for name, rule in rules.items():
        applies = "RuleCondition" not in rule or evaluate(rule["RuleCondition"], resolve=resolve, condition=condition)
        for assertion in rule.get("Assertions", []) if applies else []:
            if not evaluate(assertion["Assert"], resolve=resolve, condition=condition):
                description = assertion.get("AssertDescription", "an assertion does not hold")
                raise ValidationError(f"Template error: Rule {name} failed: {description}")


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _equals(argument: list[Any], resolve: Resolve, _: Any) -> bool:
    left, right = (resolve(part) for part in argument)
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return bool(left == right)
    return _text(left) == _text(right)


def _each_member_in(argument: list[Any], resolve: Resolve, _: Any) -> bool:
    members, allowed = (resolve(part) for part in argument)
    return all(member in allowed for member in members)


_FUNCTIONS: Mapping[str, Callable[[list[Any], Resolve, Callable[[Any], bool]], bool]] = {
    "Fn::Equals": _equals,
    "Fn::And": lambda argument, _, holds: all(holds(part) for part in argument),
    "Fn::Or": lambda argument, _, holds: any(holds(part) for part in argument),
    "Fn::Not": lambda argument, _, holds: not holds(argument[0]),
    "Fn::Contains": lambda argument, resolve, _: resolve(argument[1]) in resolve(argument[0]),
    "Fn::EachMemberIn": _each_member_in,
    "Fn::EachMemberEquals": lambda argument, resolve, _: all(m == resolve(argument[1]) for m in resolve(argument[0])),
}
_ARGUMENT_COUNTS: Mapping[str, tuple[int, int]] = {
    "Fn::Equals": (2, 2),
    "Fn::And": (2, 10),
    "Fn::Or": (2, 10),
    "Fn::Not": (1, 1),
    "Fn::Contains": (2, 2),
    "Fn::EachMemberIn": (2, 2),
    "Fn::EachMemberEquals": (2, 2),
}
