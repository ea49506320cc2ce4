"""The result of looking at one thing, and how a look becomes one."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError


class State(StrEnum):
    """What was found."""

    OK = "ok"
    FIX = "fix"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that a deploy needs.

    Attributes:
        name: what was looked at.
        text: what was found; of a fix, what is wrong and what to do.
    """

    name: str
    state: State
    text: str

    def to_json(self) -> dict[str, str]:
        """The same as plain values."""
        return {"name": self.name, "state": self.state.value, "text": self.text}


def ok(name: str, text: str) -> Check:
    """It is as it should be."""
    return Check(name=name, state=State.OK, text=text)


def fix(name: str, text: str) -> Check:
    """A deploy would fail by it."""
    return Check(name=name, state=State.FIX, text=text)


def not_checked(name: str, text: str) -> Check:
    """Nothing can be said; a deploy may well succeed."""
    return Check(name=name, state=State.NOT_CHECKED, text=text)


def look(name: str, check: Callable[[], Check]) -> Check:
    """Run a check; what AWS does not answer to this caller says nothing about the deploy."""
    try:
        return check()
    except (BotoCoreError, ClientError) as error:
        return not_checked(name, str(error))


def code_of(error: ClientError) -> str:
    """AWS's code of an error."""
    return str(error.response.get("Error", {}).get("Code", ""))
