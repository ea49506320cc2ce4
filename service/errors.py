"""What the service itself refuses or finds missing, beside the errors of rag.

```
ServiceError                  the root: written for the caller; says what is allowed
├── AuthenticationError       no key, or an unknown or expired one
├── ForbiddenError            the key may not do this
├── ForeignPageError          without keys: a page of another site, or another host name
├── TooManyRequestsError      as many as are admitted are at work
├── InvalidRequestError       a value that cannot be taken
├── UnsupportedMediaTypeError a body of another kind
├── UnknownJobError           no such ingest
└── UnknownModelError         no such model
CannotStartError              what the service needs is not there: a matter of the operator, as is KeysError
SettingsError                 a TWIN_SERVICE_* variable sets nothing, or a value is not allowed: likewise
KeysError                     the API keys cannot be read: a matter of the operator, never of a caller
ModelAsleepError, ModelBusyError    rag's GeneratorUnavailableError, told apart by what the caller can do
ModelRefusedError                   rag's GenerationError for a request that the model will never take as it is
```
"""

from collections.abc import Sequence

from rag.errors import GenerationError, GeneratorUnavailableError


class ServiceError(Exception):
    """Something that the caller can be told, in words that are meant for the caller.

    Attributes:
        parameter: the field of the request that it is about; "" if none.
    """

    def __init__(self, message: str, *, parameter: str = "") -> None:
        super().__init__(message)
        self.parameter = parameter


class AuthenticationError(ServiceError):
    """No key, or an unknown or expired one."""


class ForbiddenError(ServiceError):
    """The key may not do this."""


class ForeignPageError(ServiceError):
    """Without keys: the request comes from a page of another site, or by another host name."""


class TooManyRequestsError(ServiceError):
    """As many as are admitted are at work.

    Attributes:
        retry_after_s: when to try again.
    """

    def __init__(self, message: str, *, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class InvalidRequestError(ServiceError):
    """A value that cannot be taken."""


class UnsupportedMediaTypeError(ServiceError):
    """A body of a kind that this route does not read."""


class UnknownJobError(ServiceError):
    """There is no such ingest, or it was forgotten."""


class UnknownModelError(ServiceError):
    """There is no such model."""


class CannotStartError(Exception):
    """What the service needs is not there; the message says what, and what to do."""


class SettingsError(Exception):
    """Settings are not allowed, or a variable sets nothing.

    Attributes:
        problems: one sentence for each, with the variable's name and what is allowed.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class KeysError(Exception):
    """The API keys cannot be read."""


class ModelAsleepError(GeneratorUnavailableError):
    """The model has no running copy; this request has begun to wake it."""


class ModelBusyError(GeneratorUnavailableError):
    """The model serves as many requests as it can."""


class ModelRefusedError(GenerationError):
    """The model does not take the request as it is."""
