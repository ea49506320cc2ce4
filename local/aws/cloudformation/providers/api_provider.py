"""What all resource types share that are made by calls to AWS's own API.

A type says how it is made from the properties that cannot change, how it is configured with those that can, and how
it is removed. Creating is making and configuring; updating is configuring again. What a type's calls are is in the
other files of this folder.
"""

import logging
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

from botocore.exceptions import BotoCoreError, ClientError

from local.aws import internal_failure
from local.aws.api import AwsApi
from local.aws.cloudformation.provider import (
    PartlyProvisionedError,
    ProvisionedResource,
    ProvisioningError,
    ResourceRequest,
)

_LOG = logging.getLogger(__name__)

# How the error codes of services read as the codes of CloudFormation's handlers; the first that is found in the code
# counts.
_HANDLER_CODES = {
    "NotFound": "NotFound",
    "NoSuch": "NotFound",
    "DoesNotExist": "NotFound",
    "Exists": "AlreadyExists",
    "AlreadyOwned": "AlreadyExists",
    "Duplicate": "AlreadyExists",
    "AccessDenied": "AccessDenied",
    "LimitExceeded": "ServiceLimitExceeded",
    "Throttl": "Throttling",
    "Invalid": "InvalidRequest",
    "Validation": "InvalidRequest",
    "Malformed": "InvalidRequest",
    "DependencyViolation": "ResourceConflict",
}


class ApiProvider(ABC):
    """A resource type that is made by calls to one service's API.

    Attributes:
        service: the SDK's name of the service.
        handled: the properties that it makes something of; any other is refused, never passed over in silence.
    """

    service: ClassVar[str]
    handled: ClassVar[frozenset[str]]

    def __init__(self, aws: AwsApi) -> None:
        self._aws = aws

    @abstractmethod
    def make(self, client: Any, request: ResourceRequest, /) -> ProvisionedResource:
        """Make the resource."""

    def configure(
        self, _client: Any, _request: ResourceRequest, resource: ProvisionedResource, _before: Mapping[str, Any], /
    ) -> ProvisionedResource:
        """Bring what can be changed in place to the request's properties.

        ``before`` are those that it has now: none for a new one.
        """
        return resource

    @abstractmethod
    def remove(self, client: Any, request: ResourceRequest, resource: ProvisionedResource, /) -> None:
        """Delete the resource."""

    def create(self, request: ResourceRequest) -> ProvisionedResource:
        """Make and configure the resource."""
        client = self._client(request)
        self._check_handled(request)
        with _handler_errors():
            resource = self.make(client, request)
        try:
            with _handler_errors():
                resource = self.configure(client, request, resource, {})
        except ProvisioningError as error:
            raise PartlyProvisionedError(str(error), resource=resource) from error
        except Exception as error:  # a fault of this code: what was made must be deleted all the same
            _LOG.exception("configuring %s failed", request.resource_type)
            raise PartlyProvisionedError(internal_failure.describe(error), resource=resource) from error
        return replace(resource, handle=dict(request.properties))

    def update(self, request: ResourceRequest, current: ProvisionedResource) -> ProvisionedResource:
        """Configure the resource anew."""
        self._check_handled(request)
        before = current.handle if isinstance(current.handle, dict) else {}
        with _handler_errors():
            resource = self.configure(self._client(request), request, current, before)
        return replace(resource, handle=dict(request.properties))

    def delete(self, request: ResourceRequest, current: ProvisionedResource) -> None:
        """Remove the resource; one that is gone already is no error."""
        try:
            with _handler_errors():
                self.remove(self._client(request), request, current)
        except _NotFoundError:
            return

    def _check_handled(self, request: ResourceRequest) -> None:
        if unhandled := sorted(request.properties.keys() - self.handled):
            listed = ", ".join(unhandled)
            raise ProvisioningError(
                f"The local AWS makes nothing of {listed} in {request.resource_type}: leave it out."
            )

    def _client(self, request: ResourceRequest, service: str | None = None) -> Any:
        return self._aws.client(service or self.service, account_id=request.account_id, region=request.region)


def properties(*names: str) -> frozenset[str]:
    """The names of properties, several to a text."""
    return frozenset(" ".join(names).split())


class _NotFoundError(ProvisioningError):
    """The service says that what was asked for is not there."""


def given(properties: Mapping[str, Any], *names: str, **renamed: str) -> dict[str, Any]:
    """The named properties that are there, as arguments of a call; ``Argument="Property"`` renames one."""
    arguments = {name: properties[name] for name in names if properties.get(name) is not None}
    return arguments | {a: properties[name] for a, name in renamed.items() if properties.get(name) is not None}


def already_exists(request: ResourceRequest, name: str) -> ProvisioningError:
    """The failure of a resource whose name is taken: for types whose calls would take the other one over."""
    message = f"Resource of type '{request.resource_type}' with identifier '{name}' already exists."
    return ProvisioningError(_handler_message(message, "AlreadyExists"))


@contextmanager
def suppress_code(code: str) -> Iterator[None]:
    """Let an error of AWS pass that says what is so already.

    By its code: the classes of `client.exceptions` are made when they are first asked for, and two threads that ask at
    once get two of each, of which one catches nothing.
    """
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise


def arn(request: ResourceRequest, resource: str) -> str:
    """The ARN of a resource of the request's own service, account and region; ``resource`` is its last part."""
    service = request.resource_type.split("::")[1].lower()
    return f"arn:{partition_of(request)}:{service}:{request.region}:{request.account_id}:{resource}"


def partition_of(request: ResourceRequest) -> str:
    """``aws``, or what the stack's part of the world is called."""
    return request.stack_id.split(":")[1]


def tag_changes(before: Any, after: Any) -> tuple[dict[str, str], list[str]]:
    """The tags to set and the keys to remove, to get from one ``Tags`` property to another, lists or maps."""
    old, new = as_tag_map(before), as_tag_map(after)
    return {key: value for key, value in new.items() if old.get(key) != value}, [key for key in old if key not in new]


def as_tag_map(tags: Any) -> dict[str, str]:
    """A ``Tags`` property as a map, whether it is a list of key and value or a map already."""
    if isinstance(tags, dict):
        return {str(key): str(value) for key, value in tags.items()}
    return {tag["Key"]: tag["Value"] for tag in tags or []}


def as_tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """A map of tags as a list of key and value."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@contextmanager
def _handler_errors() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
        handler_code = next((name for part, name in _HANDLER_CODES.items() if part in code), "GeneralServiceException")
        kind = _NotFoundError if handler_code == "NotFound" else ProvisioningError
        raise kind(_handler_message(f"{message} ({code} of {error.operation_name})", handler_code)) from error
    except BotoCoreError as error:
        raise ProvisioningError(_handler_message(str(error), "InvalidRequest")) from error


def _handler_message(message: str, code: str) -> str:
    return f'Resource handler returned message: "{message}" (RequestToken: {uuid.uuid4()}, HandlerErrorCode: {code})'
