"""Everything that this library raises, as one tree.

* InferenceClientError
  * ConfigurationError              what was asked for cannot be sent; most are found before a byte leaves this machine
    * InvalidParameterError         a generation parameter outside the engine's table
    * InvalidPromptError            an empty prompt, or one that is not text
    * RequestTooLargeError          the body is larger than SageMaker or the engine takes
    * CredentialsError              no AWS credentials, or AWS does not accept them
    * AmbiguousComponentError       the endpoint has several components and none was named
    * StackNotDeployedError         there is no such stack, outputs file or parameter path
    * StackNotReadyError            the stack exists, and is being made, failed or is being deleted
  * TransportError                  no answer, or not a whole one
    * ConnectFailedError            no connection: nothing was sent
    * ConnectionLostError           the connection broke before an answer began
    * ReadTimeoutError              connected, and then silence; the model may still be generating
    * StreamInterruptedError        the answer broke off in the middle
  * StatusError                     an answer, and it is a refusal
    * AccessDeniedError · EndpointNotFoundError · ComponentNotFoundError · ComponentRequiredError
    * ThrottledError · ModelNotReadyError
    * ServiceUnavailableError       SageMaker itself failed
      * ServiceBusyError            and had not taken the request (503)
    * NoCapacityError               the component has no running copy (scaled to zero, or starting)
    * ContainerError                the engine inside the component answered an error
      * ValidationRejectedError     it refuses the request
        * InputTooLongError         because prompt and answer do not fit the model's limits
      * OverloadedError             it serves as many requests as it can
      * GenerationFailedError       it began and could not finish
      * InvocationTimeoutError      it did not finish in SageMaker's time
  * DeploymentFailedError           the endpoint or component is Failed
  * NotInServiceError               it was not InService in time
  * UnexpectedAnswerError           an answer of a shape that no known engine gives

Each carries its cause as ``__cause__`` and says in its message what to do. Which failure becomes which error is decided
in one place, ``_error_rules.py``.
"""

from typing import ClassVar


class InferenceClientError(Exception):
    """The root of the tree.

    Attributes:
        retryable: the same request, sent again later, may succeed.
        resend_is_free: the request was refused before any token was computed for it, so that sending it again costs
            nothing. Clients re-send only these by themselves, a bounded number of times.
        status: the HTTP status that decides: the engine's own where SageMaker wraps one (422, not 424), SageMaker's
            otherwise; None where no answer came.
        request_id: SageMaker's id of the request, for a support case; None where no answer came.
        partial_text: what had been generated before the failure, "" if nothing.
    """

    retryable: ClassVar[bool] = False
    resend_is_free: ClassVar[bool] = False

    def __init__(
        self, message: str, *, status: int | None = None, request_id: str | None = None, partial_text: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.request_id = request_id
        self.partial_text = partial_text

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} (request id {self.request_id})" if self.request_id else message


class ConfigurationError(InferenceClientError):
    """What was asked for cannot be sent as it is."""


class InvalidParameterError(ConfigurationError, ValueError):
    """A generation parameter has a value that the engine would refuse; the message names it and what is allowed."""


class InvalidPromptError(ConfigurationError, ValueError):
    """The prompt or the messages are empty or are not text."""


class RequestTooLargeError(ConfigurationError):
    """The request's body is larger than what SageMaker or the engine takes."""


class CredentialsError(ConfigurationError):
    """AWS credentials are missing, expired or not accepted."""


class AmbiguousComponentError(ConfigurationError):
    """The endpoint has several inference components and none was named.

    Attributes:
        component_names: what there is to choose from.
    """

    def __init__(self, message: str, *, component_names: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.component_names = component_names


class StackNotDeployedError(ConfigurationError):
    """There is no such stack, outputs file or parameter path, so there is no address in it."""


class StackNotReadyError(ConfigurationError):
    """The stack exists and has no usable endpoint: it is being created or deleted, or it failed.

    Attributes:
        stack_status: CloudFormation's word for it.
    """

    def __init__(self, message: str, *, stack_status: str = "") -> None:
        super().__init__(message)
        self.stack_status = stack_status


class TransportError(InferenceClientError):
    """No answer arrived, or not a whole one."""


class ConnectFailedError(TransportError):
    """No connection to AWS could be made; nothing was sent."""

    retryable = True
    resend_is_free = True


class ConnectionLostError(TransportError):
    """The connection broke after the request was sent and before an answer began.

    Whether the answer was computed is unknown, so the client does not send it again by itself.
    """

    retryable = True


class ReadTimeoutError(TransportError):
    """Nothing arrived for the read timeout, or the answer took longer than the total timeout.

    Not retryable: the model may still be working on this request, and the next one would take as long.
    """


class StreamInterruptedError(TransportError):
    """The stream ended before the model's final event; ``partial_text`` has what came."""

    retryable = True


class StatusError(InferenceClientError):
    """SageMaker, or the engine behind it, answered an error.

    Attributes:
        code: the error code of SageMaker's API, as ``ValidationError``.
        error_type: the engine's own type, as ``overloaded``; "" if it gave none.
        log_stream_arn: where the container logs, for errors that come from it.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
        partial_text: str = "",
        code: str = "",
        error_type: str = "",
        log_stream_arn: str | None = None,
    ) -> None:
        super().__init__(message, status=status, request_id=request_id, partial_text=partial_text)
        self.code = code
        self.error_type = error_type
        self.log_stream_arn = log_stream_arn


class AccessDeniedError(StatusError):
    """The caller's policies do not allow the action."""


class EndpointNotFoundError(StatusError):
    """There is no such endpoint in this account and region."""


class ComponentNotFoundError(StatusError):
    """There is no such inference component on the endpoint."""


class ComponentRequiredError(StatusError):
    """The endpoint hosts inference components and the request named none."""


class ThrottledError(StatusError):
    """AWS limits the rate of requests."""

    retryable = True
    resend_is_free = True


class ServiceUnavailableError(StatusError):
    """SageMaker itself failed; a 503 is free to re-send, after a 500, 502, 504 or 530 the model may have worked."""

    retryable = True


class ServiceBusyError(ServiceUnavailableError):
    """SageMaker answered 503: it did not take the request."""

    resend_is_free = True


class ModelNotReadyError(StatusError):
    """The model is still being loaded."""

    retryable = True
    resend_is_free = True


class NoCapacityError(StatusError):
    """The component has no running copy: it is scaled to zero or is starting.

    Free to re-send, but waking takes minutes: clients wait only if told to (``wait_for_capacity_s``).
    """

    retryable = True
    resend_is_free = True


class ContainerError(StatusError):
    """The engine inside the component answered an error."""

    retryable = True


class ValidationRejectedError(ContainerError):
    """The engine refuses the request as it is."""

    retryable = False


class InputTooLongError(ValidationRejectedError):
    """The prompt, or the prompt with the answer asked for, does not fit the deployed limits.

    Attributes:
        input_tokens: how long the prompt is, if the engine said so.
        max_tokens: the limit that it exceeds (input, or input and answer together), if the engine said so.
    """

    input_tokens: int | None = None
    max_tokens: int | None = None


class OverloadedError(ContainerError):
    """The engine already serves as many requests as it can."""

    resend_is_free = True


class GenerationFailedError(ContainerError):
    """The engine began to generate and could not finish."""


class InvocationTimeoutError(ContainerError):
    """The model did not finish in the time that SageMaker allows: 60 s in one piece, 8 min as a stream."""

    retryable = False


class DeploymentFailedError(InferenceClientError):
    """The endpoint or its component is Failed; the message has SageMaker's FailureReason."""


class NotInServiceError(InferenceClientError):
    """The endpoint or its component was not InService in the time given."""

    retryable = True


class UnexpectedAnswerError(InferenceClientError):
    """The answer has a shape that no known engine gives; the message shows its beginning."""
