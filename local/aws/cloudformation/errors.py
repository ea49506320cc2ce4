"""What CloudFormation's API refuses, in its own codes and words.

``CloudFormationError``
 ├── ValidationError                a template, a parameter or a request that cannot be right
 ├── AlreadyExistsError             a stack of that name is there
 ├── ChangeSetNotFoundError
 ├── InvalidChangeSetStatusError    a change set that cannot be executed
 └── InsufficientCapabilitiesError  IAM resources without the caller's consent

Each carries ``code``, the error code an AWS SDK sees. What goes wrong while a stack is being worked on is no error of
the API: it becomes events and a status (see :mod:`local.aws.cloudformation.provider`).
"""

from typing import ClassVar


class CloudFormationError(Exception):
    """An answer of the API that is an error; the message is the whole text a client shows.

    Attributes:
        code: AWS's error code.
    """

    code: ClassVar[str] = "ValidationError"


class ValidationError(CloudFormationError):
    """The request, its template or its parameters cannot be right, or the stack's state forbids it."""


class AlreadyExistsError(CloudFormationError):
    """A stack of that name exists."""

    code = "AlreadyExistsException"


class ChangeSetNotFoundError(CloudFormationError):
    """No change set of that name or id."""

    code = "ChangeSetNotFound"


class InvalidChangeSetStatusError(CloudFormationError):
    """The change set is not in a state in which it can be executed."""

    code = "InvalidChangeSetStatus"


class InsufficientCapabilitiesError(CloudFormationError):
    """The template makes IAM resources and the request does not acknowledge that."""

    code = "InsufficientCapabilitiesException"
