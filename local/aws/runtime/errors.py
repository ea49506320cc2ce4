"""What the runtime refuses, in AWS's words and on AWS's wire.

```
InvocationError                  the root: an HTTP status, AWS's code, and a JSON body
├── MissingAuthentication        403  the request is not signed
├── PayloadTooLarge              413  the body is over the limit; plain text, as AWS's front end answers
├── ValidationError              400  no such endpoint or component, or the header that names the component is missing
├── NoCapacity                   400  a ValidationError too: no copy is in service now; retryable, told by its text
├── ServiceUnavailable           503  no copy could be reached; retryable
└── ModelError                   424  the container answered 4xx or 5xx, too late or not at all
```
"""

import json
from collections.abc import Mapping
from typing import Any

from local.aws.wire.place import Place

# AWS's model of the service gives messages this length.
_MAX_MESSAGE_CHARACTERS = 2048


class InvocationError(Exception):
    """A request that got no answer from a model.

    Attributes:
        status: of the HTTP answer.
        code: AWS's error code.
        body: of the HTTP answer.
        content_type: of the body.
    """

    status = 500
    code = "InternalFailure"
    content_type = "application/json"

    def __init__(self, message: str, **fields: Any) -> None:
        super().__init__(message)
        self.body = json.dumps({"Message": message, **fields}).encode()


class MissingAuthentication(InvocationError):  # noqa: N818 - AWS's name for it, less "TokenException"
    """The request has no signature, so there is no account and no region."""

    status = 403
    code = "MissingAuthenticationTokenException"

    def __init__(self) -> None:
        super().__init__("Missing Authentication Token")


class PayloadTooLarge(InvocationError):  # noqa: N818 - what the status says
    """The body is larger than the API takes."""

    status = 413
    code = "413"
    content_type = "text/plain"

    def __init__(self, limit_bytes: int) -> None:
        message = f"HTTP content length exceeded {limit_bytes} bytes."
        super().__init__(message)
        self.body = message.encode()


class ValidationError(InvocationError):
    """The request names something that is not there, or leaves it out."""

    status = 400
    code = "ValidationError"


class NoCapacity(ValidationError):  # noqa: N818 - what the metric is called that counts it
    """The component has no copy in service: scaled to zero, creating, or crashed."""

    def __init__(self) -> None:
        super().__init__(
            "Inference Component has no capacity to process this request. ApplicationAutoScaling may be in-progress "
            "(if configured) or try to increase the capacity by invoking UpdateInferenceComponentRuntimeConfig API."
        )


class ServiceUnavailable(InvocationError):  # noqa: N818 - AWS's name for it
    """No copy took the connection."""

    status = 503
    code = "ServiceUnavailable"


class ModelError(InvocationError):
    """The container failed.

    Args:
        place: where.
        log_group: of the component.
        status: that the container answered; 0 when it did not answer.
        message: its answer, or what happened instead.
    """

    status = 424
    code = "ModelError"

    def __init__(self, *, place: Place, log_group: str, status: int, message: str) -> None:
        client_error = 400 <= status < 500
        console = f"https://{place.region}.console.aws.amazon.com/cloudwatch/home?region={place.region}"
        see = f"See {console}#logEventViewer:group={log_group} in account {place.account_id} for more information."
        lead = f"Received {'client' if client_error else 'server'} error ({status}) from primary with message "
        room = _MAX_MESSAGE_CHARACTERS - len(lead) - len(see) - 4
        super().__init__(
            f'{lead}"{message[:room]}". {see}',
            ErrorCode="CLIENT_ERROR_FROM_MODEL" if client_error else "INTERNAL_FAILURE_FROM_MODEL",
            OriginalStatusCode=status,
            OriginalMessage=message[:_MAX_MESSAGE_CHARACTERS],
            LogStreamArn=f"arn:{place.partition}:logs:{place.region}:{place.account_id}:log-group:{log_group}",
        )
        self.original_status = status


def headers_of(error: InvocationError) -> Mapping[str, str]:
    """The headers of the answer."""
    return {"content-type": error.content_type, "x-amzn-errortype": error.code}
