"""One resource at a time: its properties made ready, its provider called, its events recorded.

It does not know order, rollback or what else the stack holds.
"""

import logging
import secrets
import string
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from local.aws import internal_failure
from local.aws.cloudformation.dynamic_references import ValueStores, resolve_parameters_in, reveal
from local.aws.cloudformation.errors import CloudFormationError
from local.aws.cloudformation.property_types import coerce
from local.aws.cloudformation.property_validation import problems
from local.aws.cloudformation.provider import (
    PartlyProvisionedError,
    ProvisionedResource,
    ProvisioningError,
    ResourceProvider,
    ResourceRequest,
)
from local.aws.cloudformation.schema import ResourceSchema, SchemaCatalogue
from local.aws.cloudformation.scope import StackScope
from local.aws.cloudformation.stack import Stack, StackDefinition, StackResource
from local.aws.cloudformation.template import ResourceDefinition
from local.aws.cloudformation.values import has_unknown

_LOG = logging.getLogger(__name__)
_SUFFIX_CHARACTERS = 12
REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."


class Provisioner:
    """Makes, changes and deletes the resources of one stack."""

    def __init__(
        self, *, stack: Stack, providers: Mapping[str, ResourceProvider], schemas: SchemaCatalogue, stores: ValueStores
    ) -> None:
        self._stack = stack
        self._providers = providers
        self._schemas = schemas
        self._stores = stores

    def properties(self, definition: ResourceDefinition, scope: StackScope, target: StackDefinition) -> dict[str, Any]:
        """The properties of a resource as its provider is to get them, references to secrets excepted.

        Raises:
            ValidationError: a function in them cannot be resolved.
        """
        schema = self._schema(definition.type)
        resolved = resolve_parameters_in(scope.resolve(dict(definition.properties)), self._stores)
        return coerce(with_tags(resolved, target.tags, schema), schema)

    def create(
        self,
        definition: ResourceDefinition,
        properties: Mapping[str, Any],
        dependencies: frozenset[str],
        *,
        replaces: StackResource | None = None,
    ) -> StackResource:
        """Make a resource, in the place of another if it replaces one; a failure is a resource of a failed status."""
        verb = "UPDATE" if replaces else "CREATE"
        resource = StackResource(
            definition=definition,
            properties=properties,
            dependencies=dependencies,
            physical=None,
            status=f"{verb}_IN_PROGRESS",
            status_reason=REPLACING if replaces else None,
            timestamp=datetime.now(UTC),
            incarnation=str(uuid.uuid4()),
        )
        resource = self._stack.record(replace(resource, physical=replaces.physical if replaces else None))
        resource = replace(resource, physical=None)
        return self._attempt(resource, verb, lambda provider, request: provider.create(request), replaces=replaces)

    def update(
        self,
        existing: StackResource,
        definition: ResourceDefinition,
        properties: Mapping[str, Any],
        dependencies: frozenset[str],
    ) -> StackResource:
        """Change a resource in place; a failure is the resource in a failed status."""
        physical = existing.physical
        if physical is None:
            raise ValueError(f"{existing.logical_id} was never made, so it cannot be updated")
        resource = replace(
            existing,
            definition=definition,
            properties=properties,
            dependencies=dependencies,
            status="UPDATE_IN_PROGRESS",
            status_reason=None,
        )
        resource = self._stack.record(resource)
        return self._attempt(resource, "UPDATE", lambda provider, request: provider.update(request, physical))

    def delete(self, resource: StackResource) -> StackResource:
        """Delete a resource; a failure is the resource in a failed status."""
        resource = self._stack.record(replace(resource, status="DELETE_IN_PROGRESS", status_reason=None))
        physical = resource.physical
        if physical is not None:
            try:
                self._provider(resource.type).delete(self._request(resource, resource.properties), physical)
            except Exception as error:
                reason = self._reason(resource, error)
                return self._stack.record(replace(resource, status="DELETE_FAILED", status_reason=reason))
        return self._stack.record(replace(resource, status="DELETE_COMPLETE"))

    def retain(self, resource: StackResource) -> StackResource:
        """Leave a resource where it is and forget it."""
        return self._stack.record(replace(resource, status="DELETE_SKIPPED", status_reason=None))

    def failed(self, definition: ResourceDefinition, existing: StackResource | None, reason: str) -> StackResource:
        """Record that a resource failed before its provider was called."""
        verb = "UPDATE" if existing else "CREATE"
        resource = existing or StackResource(
            definition=definition,
            properties={},
            dependencies=frozenset(),
            physical=None,
            status="",
            timestamp=datetime.now(UTC),
            incarnation=str(uuid.uuid4()),
        )
        return self._stack.record(replace(resource, status=f"{verb}_FAILED", status_reason=reason))

    def _attempt(
        self,
        resource: StackResource,
        verb: str,
        call: Callable[[ResourceProvider, ResourceRequest], ProvisionedResource],
        *,
        replaces: StackResource | None = None,
    ) -> StackResource:
        try:
            self._check(resource, replaces)
            request = self._request(resource, reveal(dict(resource.properties), self._stores))
            physical = call(self._provider(resource.type), request)
        except PartlyProvisionedError as error:
            failed = replace(resource, physical=error.resource, status=f"{verb}_FAILED", status_reason=str(error))
            return self._stack.record(failed)
        except Exception as error:
            failed = replace(resource, status=f"{verb}_FAILED", status_reason=self._reason(resource, error))
            return self._stack.record(failed)
        return self._stack.record(replace(resource, physical=physical, status=f"{verb}_COMPLETE", status_reason=None))

    def _check(self, resource: StackResource, replaces: StackResource | None) -> None:
        if has_unknown(resource.properties):
            raise ProvisioningError(f"Resource {resource.logical_id} refers to something that does not exist.")
        schema = self._schema(resource.type)
        if found := problems(resource.properties, schema):
            listed = ", ".join(str(problem) for problem in found)
            raise ProvisioningError(
                f"Properties validation failed for resource {resource.logical_id} with message:\n[{listed}]"
            )
        name = schema.name_property
        if (
            replaces
            and name
            and resource.properties.get(name) is not None
            and resource.properties[name] == replaces.properties.get(name)
        ):
            raise ProvisioningError(
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                f"Rename {resource.properties[name]} and update the stack again."
            )

    def _request(self, resource: StackResource, properties: Mapping[str, Any]) -> ResourceRequest:
        return ResourceRequest(
            logical_id=resource.logical_id,
            resource_type=resource.type,
            properties=properties,
            account_id=self._stack.account_id,
            region=self._stack.region,
            stack_name=self._stack.name,
            stack_id=self._stack.id,
            generated_name=_generated_name(self._stack.name, resource.logical_id, self._schema(resource.type)),
        )

    def _provider(self, type_: str) -> ResourceProvider:
        return self._providers[type_]

    def _schema(self, type_: str) -> ResourceSchema:
        return self._schemas.find(type_)

    def _reason(self, resource: StackResource, error: Exception) -> str:
        if isinstance(error, ProvisioningError | CloudFormationError):
            return str(error)
        _LOG.exception("the provider of %s failed on %s", resource.type, resource.logical_id, exc_info=error)
        return internal_failure.describe(error)


def with_tags(properties: Mapping[str, Any], tags: Mapping[str, str], schema: ResourceSchema) -> dict[str, Any]:
    """The properties with the stack's tags added, where the type has tags; the resource's own tags win."""
    name = schema.tag_property
    if not tags or name is None:
        return dict(properties)
    own = properties.get(name)
    if schema.definition_of(schema.document["properties"][name]).get("type") == "object":
        return {**properties, name: {**tags, **(own or {})}}
    named = {tag.get("Key") for tag in own or [] if isinstance(tag, dict)}
    added = [{"Key": key, "Value": value} for key, value in tags.items() if key not in named]
    return {**properties, name: [*(own or []), *added]}


def _generated_name(stack_name: str, logical_id: str, schema: ResourceSchema) -> str:
    alphabet = string.ascii_uppercase + string.digits
    suffix = "".join(secrets.choice(alphabet) for _ in range(_SUFFIX_CHARACTERS))
    prefix = f"{stack_name}-{logical_id}"[: schema.max_name_characters - _SUFFIX_CHARACTERS - 1].rstrip("-")
    name = f"{prefix}-{suffix}"
    return name.lower() if schema.lowercase_names else name
