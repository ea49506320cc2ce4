"""The two values that are none: a property that is to be left out, and one known only after the deployment."""

from typing import Any, Final

KNOWN_AFTER_APPLY: Final = "{{changeSet:KNOWN_AFTER_APPLY}}"


class NoValue:
    """What ``Ref: AWS::NoValue`` gives: the property or the list item that holds it is left out."""

    def __repr__(self) -> str:
        return "AWS::NoValue"


NO_VALUE: Final = NoValue()


class Unknown(str):
    """A text that holds something known only after the deployment, as the id of a resource that is not there yet.

    A change set is computed with these; a deployment never sees one. The text is what CloudFormation shows in its
    place.
    """

    __slots__ = ()


def unknown() -> Unknown:
    """A value of which nothing is known yet."""
    return Unknown(KNOWN_AFTER_APPLY)


def has_unknown(value: Any) -> bool:
    """Whether anything in the value is known only after the deployment."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(has_unknown(item) for item in value)
    return isinstance(value, Unknown)
