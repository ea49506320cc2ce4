"""The contract between the CloudFormation engine and one resource type.

The engine knows graphs, intrinsic functions, events and rollback; it does not know what a resource is. A provider knows
one resource type; it does not know templates. Which properties force a replacement and which attributes exist is read
from the resource type's published schema, not from the provider.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class ResourceRequest:
    """What CloudFormation hands to a resource type: resolved properties and the place it acts in.

    Attributes:
        properties: the template's properties with every intrinsic function resolved.
        generated_name: a unique name, for a type whose name property the template leaves out
            (``<stack>-<logical id>-<suffix>``).
    """

    logical_id: str
    resource_type: str
    properties: Mapping[str, Any]
    account_id: str
    region: str
    stack_name: str
    stack_id: str
    generated_name: str


@dataclass(frozen=True, kw_only=True)
class ProvisionedResource:
    """A resource that exists.

    Attributes:
        physical_id: what ``Ref`` gives.
        attributes: what ``Fn::GetAtt`` gives, by attribute name (dotted for nested ones).
        handle: the provider's own object, handed back to it on update and delete; opaque to the engine.
    """

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    handle: object = None


class ProvisioningError(Exception):
    """A resource could not be created, updated or deleted; the message becomes the event's ResourceStatusReason."""


class ResourceProvider(Protocol):
    """Creates, updates and deletes resources of one type. Each call blocks until the resource is stable."""

    def create(self, request: ResourceRequest) -> ProvisionedResource:
        """Create the resource.

        Raises:
            ProvisioningError: it could not be created. A provider that leaves something behind raises
                :class:`PartlyProvisionedError` instead, so that a rollback can delete it.
        """
        ...

    def update(self, request: ResourceRequest, current: ProvisionedResource) -> ProvisionedResource:
        """Change the resource in place to ``request.properties``.

        Raises:
            ProvisioningError: it could not be changed; it is left as it was or as it failed.
        """
        ...

    def delete(self, request: ResourceRequest, current: ProvisionedResource) -> None:
        """Delete the resource; deleting one that is already gone is no error.

        Raises:
            ProvisioningError: it exists and could not be deleted.
        """
        ...


class PartlyProvisionedError(ProvisioningError):
    """The creation failed after something had been made, as a component that went from Creating to Failed.

    Attributes:
        resource: what was left behind, for the rollback to delete.
    """

    def __init__(self, message: str, *, resource: ProvisionedResource) -> None:
        super().__init__(message)
        self.resource = resource
