"""The resources of one kind in one place, by name. SageMaker's names are unique without regard to case.

It is not thread-safe: the hosting's lock is held around every use.
"""

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from local.aws.wire.errors import ValidationException
from local.aws.wire.place import Place


class Resource(Protocol):
    """What has a name and an ARN."""

    @property
    def name(self) -> str:
        """Its name, in the case it was given."""
        ...

    @property
    def arn(self) -> str:
        """Its ARN."""
        ...


Kind = TypeVar("Kind", bound=Resource)


class Collection(Generic[Kind]):
    """Resources of one kind.

    Args:
        place: where.
        kind: as ARNs have it, ``endpoint-config``.
        noun: as error texts have it, ``endpoint configuration``.
    """

    def __init__(self, *, place: Place, kind: str, noun: str) -> None:
        self._place = place
        self._kind = kind
        self._noun = noun
        self._resources: dict[str, Kind] = {}

    def __iter__(self) -> Iterator[Kind]:
        return iter(tuple(self._resources.values()))

    def add(self, resource: Kind) -> None:
        """Add a resource.

        Raises:
            ValidationException: its name is taken.
        """
        self.refuse_taken(resource.name)
        self._resources[resource.name.lower()] = resource

    def refuse_taken(self, name: str) -> None:
        """Check that a name is free.

        Raises:
            ValidationException: it is taken.
        """
        if name.lower() in self._resources:
            arn = self._place.arn(self._kind, name)
            raise ValidationException(f'Cannot create already existing {self._noun} "{arn}".')

    def get(self, name: str) -> Kind:
        """Return a resource.

        Raises:
            ValidationException: there is none of that name.
        """
        found = self._resources.get(name.lower())
        if found is None:
            raise ValidationException(f'Could not find {self._noun} "{self._place.arn(self._kind, name)}".')
        return found

    def remove(self, name: str) -> Kind:
        """Remove and return a resource.

        Raises:
            ValidationException: there is none of that name.
        """
        found = self.get(name)
        del self._resources[name.lower()]
        return found
