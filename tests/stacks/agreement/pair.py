"""Two places that must agree, and how they would be broken apart."""

import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.stacks.agreement.deployment import Deployment


def _always(_: Deployment) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two places and the relation between what stands there.

    Attributes:
        name: what agrees with what, in a sentence.
        one: what stands in one place.
        other: what stands in the other.
        relation: holds for the two where they agree.
        breaks: changes one place of a deployment in which they agree.
        applies: whether a deployment has both places.
    """

    name: str
    one: Callable[[Deployment], Any]
    other: Callable[[Deployment], Any]
    breaks: Callable[[Deployment], Any]
    relation: Callable[[Any, Any], bool] = operator.eq
    applies: Callable[[Deployment], bool] = _always

    def holds(self, deployment: Deployment) -> bool:
        return self.relation(self.one(deployment), self.other(deployment))


def find_disagreements(deployment: Deployment, pairs: Iterable[Pair]) -> list[str]:
    """Return the names of the pairs that a deployment has and that do not agree in it."""
    return [pair.name for pair in pairs if pair.applies(deployment) and not pair.holds(deployment)]


def put(place: Any, key: Any, value: Any) -> None:
    """Assign, as an expression."""
    place[key] = value
