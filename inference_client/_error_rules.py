"""The one table that says which failure becomes which error: the first rule that matches decides."""

import re
from dataclasses import dataclass

from ._failure import Failure
from .errors import (
    AccessDeniedError,
    ComponentNotFoundError,
    ComponentRequiredError,
    ContainerError,
    CredentialsError,
    EndpointNotFoundError,
    GenerationFailedError,
    InferenceClientError,
    InputTooLongError,
    InvocationTimeoutError,
    ModelNotReadyError,
    NoCapacityError,
    OverloadedError,
    RequestTooLargeError,
    ServiceBusyError,
    ServiceUnavailableError,
    StatusError,
    StreamInterruptedError,
    ThrottledError,
    ValidationRejectedError,
)


@dataclass(frozen=True, kw_only=True)
class Target:
    """Whom the request was for; messages name it."""

    endpoint_name: str
    component_name: str | None = None
    region: str | None = None

    def __str__(self) -> str:
        component = f", component {self.component_name}" if self.component_name else ""
        region = f", {self.region}" if self.region else ""
        return f"endpoint {self.endpoint_name}{component}{region}"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Matches a failure when every condition given holds; ``advice`` follows what was said in the error's message."""

    error: type[InferenceClientError]
    advice: str
    codes: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    statuses: frozenset[int] = frozenset()
    text: str = ""

    def matches(self, failure: Failure) -> bool:
        """Whether this rule decides about ``failure``."""
        return (
            (not self.codes or failure.code in self.codes)
            and (not self.reasons or failure.reason in self.reasons)
            and (not self.statuses or failure.status in self.statuses)
            and (not self.text or re.search(self.text, failure.message, re.IGNORECASE) is not None)
        )


_ENGINE = frozenset({"ModelError"})
_INVALID = frozenset({"ValidationError", "ValidationException"})

RULES: tuple[Rule, ...] = (
    # The engine, inside ModelError or inside its own stream. error_type is TGI's; statuses serve engines without one.
    Rule(
        error=InvocationTimeoutError,
        advice="Ask for fewer tokens, or stream: a stream has 8 minutes, an answer in one piece 60 s.",
        codes=_ENGINE,
        text="invocation timed out",
    ),
    Rule(
        error=InputTooLongError,
        advice="Shorten the prompt or lower max_new_tokens.",
        codes=_ENGINE,
        text=r"must have less than \d+ tokens|tokens \+ `max_new_tokens` must be|maximum context length",
    ),
    Rule(
        error=ValidationRejectedError,
        advice="The engine is vLLM, which takes a prompt in another form than TGI: ask by EndpointClient at an "
        'EndpointAddress with engine="vllm", as from_stack, from_outputs_file and from_ssm read it.',
        codes=_ENGINE,
        text="cannot find suitable handler for request",
    ),
    Rule(
        error=ValidationRejectedError,
        advice="Correct the request; sent again as it is, it is refused again.",
        codes=_ENGINE,
        reasons=frozenset({"validation", "template_error", "tool_error"}),
    ),
    Rule(
        error=OverloadedError,
        advice="Try again shortly, or raise MAX_CONCURRENT_REQUESTS or the number of copies.",
        codes=_ENGINE,
        reasons=frozenset({"overloaded"}),
    ),
    Rule(
        error=GenerationFailedError,
        advice="Try again; if it persists, read the container's log.",
        codes=_ENGINE,
        reasons=frozenset(
            {"generation", "incomplete_generation", "incomplete_generation_stream", "stream_serialization_error"}
        ),
    ),
    Rule(
        error=RequestTooLargeError,
        advice="The body exceeds the engine's PAYLOAD_LIMIT; shorten the prompt.",
        codes=_ENGINE,
        statuses=frozenset({413}),
    ),
    Rule(
        error=OverloadedError,
        advice="Try again shortly, or raise the number of copies.",
        codes=_ENGINE,
        statuses=frozenset({429}),
    ),
    Rule(
        error=ValidationRejectedError,
        advice="Correct the request; sent again as it is, it is refused again.",
        codes=_ENGINE,
        statuses=frozenset({400, 415, 422}),
    ),
    Rule(error=ContainerError, advice="Read the container's log.", codes=_ENGINE),
    # The stream between SageMaker and us.
    Rule(
        error=InvocationTimeoutError,
        advice="Ask for fewer tokens: SageMaker ends a stream after 8 minutes.",
        codes=frozenset({"ModelStreamError"}),
        reasons=frozenset({"ModelInvocationTimeExceeded"}),
    ),
    Rule(
        error=StreamInterruptedError,
        advice="SageMaker lost its connection to the container; try again.",
        codes=frozenset({"ModelStreamError", "InternalStreamFailure", "DamagedFrames"}),
    ),
    # SageMaker.
    Rule(
        error=NoCapacityError,
        advice="It has no running copy: it is scaled to zero or starting. Try again in some minutes, or set "
        "wait_for_capacity_s.",
        codes=_INVALID,
        text="no capacity to process",
    ),
    Rule(
        error=ComponentRequiredError,
        advice="Pass inference_component_name.",
        codes=_INVALID,
        text="inference component name header is required",
    ),
    Rule(
        error=ComponentNotFoundError,
        advice="Check its name against the stack's InferenceComponentName output.",
        codes=_INVALID,
        text="inference component.*(not found|not exist)|could not find inference component",
    ),
    Rule(
        error=EndpointNotFoundError,
        advice="Check the name, the account and the region, and that it is deployed.",
        codes=_INVALID,
        text="endpoint.*(not found|not exist)|could not find endpoint",
    ),
    Rule(
        error=AccessDeniedError,
        advice="Allow that action to the caller; invoking needs its two actions on the endpoint and on the component.",
        codes=frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"}),
    ),
    Rule(
        error=CredentialsError,
        advice="Renew the AWS credentials, or check which profile is in use.",
        codes=frozenset(
            {
                "ExpiredToken",
                "ExpiredTokenException",
                "IncompleteSignature",
                "InvalidClientTokenId",
                "InvalidSignatureException",
                "MissingAuthenticationToken",
                "MissingAuthenticationTokenException",
                "OptInRequired",
                "RequestExpired",
                "SignatureDoesNotMatch",
                "UnrecognizedClientException",
            }
        ),
    ),
    Rule(
        error=ModelNotReadyError,
        advice="The model is still loading; try again in some minutes.",
        codes=frozenset({"ModelNotReadyException"}),
    ),
    Rule(
        error=ThrottledError,
        advice="Send fewer requests at once, or ask for a higher quota.",
        codes=frozenset(
            {
                "LimitExceededException",
                "RequestLimitExceeded",
                "RequestThrottled",
                "RequestThrottledException",
                "SlowDown",
                "ThrottledException",
                "Throttling",
                "ThrottlingException",
                "TooManyRequestsException",
            }
        ),
    ),
    Rule(error=ThrottledError, advice="Send fewer requests at once.", statuses=frozenset({429})),
    Rule(error=RequestTooLargeError, advice="SageMaker takes 6,291,456 bytes.", statuses=frozenset({413})),
    Rule(error=ServiceBusyError, advice="Try again.", statuses=frozenset({503})),
    Rule(error=ServiceUnavailableError, advice="Try again.", statuses=frozenset({500, 502, 504, 530})),
    Rule(error=StatusError, advice="See the error code."),
)


def error_for(failure: Failure, target: Target | str) -> InferenceClientError:
    """Make the error that the first matching rule names."""
    rule = next(rule for rule in RULES if rule.matches(failure))
    said = failure.message.strip() or failure.reason or failure.code or f"HTTP status {failure.status}"
    code = failure.code if not failure.reason else f"{failure.code}, {failure.reason}"
    message = f"{target}: {said.rstrip('.')} [{code or failure.status}]. {rule.advice}"
    if failure.log_stream_arn:
        message += f" Log: {failure.log_stream_arn}"
    if not issubclass(rule.error, StatusError):
        return rule.error(message, status=failure.status, request_id=failure.request_id)
    error = rule.error(
        message,
        status=failure.status,
        request_id=failure.request_id,
        code=failure.code,
        error_type=failure.reason,
        log_stream_arn=failure.log_stream_arn,
    )
    if isinstance(error, InputTooLongError):
        error.max_tokens, error.input_tokens = _lengths(failure.message)
    return error


def _lengths(message: str) -> tuple[int | None, int | None]:
    limit = re.search(r"(?:must be <=|less than|context length (?:is|of)) (\d+)", message)
    given = re.search(r"Given: (\d+)|contains (?:at least )?(\d+) input tokens", message)
    return (int(limit[1]) if limit else None), (int(given[1] or given[2]) if given else None)
