"""What an AWS API of this local AWS refuses, in AWS's own codes.

```
AwsError                          the root; carries AWS's code and HTTP status, which say what a program should do
├── ValidationException           the request is wrong, or names something that does not exist; do not retry
├── ResourceLimitExceeded         more than the account's quota allows
├── NoSuchResourceException       Service Quotas' word for a service or quota that does not exist
├── ObjectNotFoundException       Application Auto Scaling's word for a missing target or policy
├── InvalidNextTokenException     a page token that no listing here gave
├── SerializationException        the body's types are not the operation's
└── NotImplementedHere            real on AWS and not in this local AWS
```

A fault of this local AWS is no AwsError: the dispatcher answers what is raised beside them as an InternalFailure.
"""


class AwsError(Exception):
    """A refusal.

    Attributes:
        code: AWS's error code.
        status: the HTTP status that carries it.
        message: for a person: the value, and what is allowed.
    """

    code: str
    status: int

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ValidationException(AwsError):  # noqa: N818 - AWS's name for it
    """The request breaks a rule, or names something that does not exist."""

    code = "ValidationException"
    status = 400


class ResourceLimitExceeded(AwsError):  # noqa: N818 - AWS's name for it
    """More than the account's quota allows."""

    code = "ResourceLimitExceeded"
    status = 400


class NoSuchResourceException(AwsError):  # noqa: N818 - AWS's name for it
    """A service or quota that does not exist."""

    code = "NoSuchResourceException"
    status = 400


class ObjectNotFoundException(AwsError):  # noqa: N818 - AWS's name for it
    """A scalable target, policy or action that does not exist."""

    code = "ObjectNotFoundException"
    status = 400


class InvalidNextTokenException(AwsError):  # noqa: N818 - AWS's name for it
    """A page token that no listing gave."""

    code = "InvalidNextTokenException"
    status = 400


class SerializationException(AwsError):  # noqa: N818 - AWS's name for it
    """The body's types are not the operation's."""

    code = "SerializationException"
    status = 400


class NotImplementedHere(AwsError):  # noqa: N818 - reads as the code does
    """An operation of AWS that this local AWS does not have."""

    code = "NotImplemented"
    status = 501
