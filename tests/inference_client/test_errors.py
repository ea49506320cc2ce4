import copy
import pickle

import pytest

import inference_client
from inference_client import errors
from inference_client._error_rules import RULES, Target, error_for
from inference_client._failure import Failure, failure_from_response

TARGET = Target(endpoint_name="twin", component_name="llm", region="us-east-1")


def classes():
    def below(kind):
        for child in kind.__subclasses__():
            if child.__module__ == errors.__name__:
                yield child
                yield from below(child)

    return [errors.InferenceClientError, *below(errors.InferenceClientError)]


def test_the_tree_in_the_docstring_is_the_tree():
    named = [
        word for word in errors.__doc__.replace("·", " ").split() if word.endswith("Error") and word in vars(errors)
    ]
    assert sorted(set(named)) == sorted({kind.__name__ for kind in classes()})


def test_every_error_is_public():
    assert {kind.__name__ for kind in classes()} <= set(inference_client.__all__)


@pytest.mark.parametrize("kind", classes(), ids=lambda kind: kind.__name__)
def test_errors_survive_a_process_boundary(kind):
    error = kind("it broke")
    error.request_id = "r-1"
    error.partial_text = "half"
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301  # pickled on this line
        assert (type(twin), str(twin), twin.partial_text) == (kind, "it broke (request id r-1)", "half")


@pytest.mark.parametrize("kind", classes(), ids=lambda kind: kind.__name__)
def test_what_is_free_to_re_send_is_retryable(kind):
    assert kind.retryable or not kind.resend_is_free


def test_every_rule_can_decide_and_says_what_to_do():
    for position, rule in enumerate(RULES):
        assert rule.advice.endswith("."), rule
        if position < len(RULES) - 1:
            assert rule.codes or rule.statuses, f"rule {position} would decide about everything after it"


def service(code, status, message, **fields):
    metadata = {"HTTPStatusCode": status, "RequestId": "r-1"}
    return {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata, **fields}


def container(status, message):
    return service("ModelError", 424, "wrapped", OriginalStatusCode=status, OriginalMessage=message)


@pytest.mark.parametrize(
    ("response", "kind", "status"),
    [
        (service("ValidationError", 400, "Inference Component has no capacity to process this request. Application…"),
         "NoCapacityError", 400),
        (service("ValidationError", 400, "Endpoint twin of account 1 not found."), "EndpointNotFoundError", 400),
        (service("ValidationException", 400, 'Could not find endpoint "arn:aws:sagemaker:…:endpoint/twin".'),
         "EndpointNotFoundError", 400),
        (service("ValidationError", 400, "Inference Component llm of account 1 not found."),
         "ComponentNotFoundError", 400),
        (service("ValidationException", 400, 'Could not find inference component "llm".'),
         "ComponentNotFoundError", 400),
        (service("ValidationError", 400, "Inference Component Name header is required for endpoints to which you plan"),
         "ComponentRequiredError", 400),
        (service("ValidationError", 400, "something else"), "StatusError", 400),
        (service("AccessDeniedException", 403, "User: x is not authorized to perform: sagemaker:InvokeEndpoint"),
         "AccessDeniedError", 403),
        (service("ExpiredTokenException", 403, "The security token included in the request is expired"),
         "CredentialsError", 403),
        (service("UnrecognizedClientException", 403, "The security token is invalid"), "CredentialsError", 403),
        (service("ThrottlingException", 400, "Rate exceeded"), "ThrottledError", 400),
        (service("429", 429, "Too Many Requests"), "ThrottledError", 429),
        (service("ModelNotReadyException", 429, "loading"), "ModelNotReadyError", 429),
        (service("ServiceUnavailable", 503, "unavailable"), "ServiceBusyError", 503),
        (service("InternalFailure", 500, "oops"), "ServiceUnavailableError", 500),
        (service("InternalDependencyException", 530, "oops"), "ServiceUnavailableError", 530),
        (service("413", 413, "Request Entity Too Large"), "RequestTooLargeError", 413),
        (container(422, '{"error":"Input validation error: `inputs` cannot be empty","error_type":"validation"}'),
         "ValidationRejectedError", 422),
        (container(422, '{"error":"Template error: x","error_type":"template_error"}'), "ValidationRejectedError", 422),
        (container(422, "Failed to deserialize the JSON body into the target type: invalid type: null"),
         "ValidationRejectedError", 422),
        (container(429, '{"error":"Model is overloaded","error_type":"overloaded"}'), "OverloadedError", 429),
        (container(424, '{"error":"Request failed during generation: Server error: OOM","error_type":"generation"}'),
         "GenerationFailedError", 424),
        (container(500, '{"error":"Incomplete generation","error_type":"incomplete_generation"}'),
         "GenerationFailedError", 500),
        (container(413, "length limit exceeded"), "RequestTooLargeError", 413),
        (container(400, '{"object":"error","message":"bad","type":"BadRequestError","code":400}'),
         "ValidationRejectedError", 400),
        (container(404, ""), "ContainerError", 404),
        (container(503, "<html>"), "ContainerError", 503),
        (service("ModelError", 424, 'Received server error (0) from primary with message "Your invocation timed out '
                 'while waiting for a response from container primary. Review the latency metrics". See https://x'),
         "InvocationTimeoutError", 424),
    ],
)  # fmt: skip  # one case a line reads as the table it is
def test_each_failure_becomes_its_error(response, kind, status):
    error = error_for(failure_from_response(response), TARGET)
    assert type(error).__name__ == kind
    assert error.status == status
    assert error.request_id == "r-1"
    assert "endpoint twin, component llm" in str(error)


@pytest.mark.parametrize(
    ("message", "input_tokens", "max_tokens"),
    [
        ("Input validation error: `inputs` must have less than 2048 tokens. Given: 3000", 3000, 2048),
        (
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens",
            4000,
            4096,
        ),
        (
            "This model's maximum context length is 4096 tokens. However, your request has 5000 input tokens.",
            None,
            4096,
        ),
        (
            "This model's maximum context length is 4096 tokens. However, your prompt contains 5000 input tokens.",
            5000,
            4096,
        ),
    ],
)
def test_an_input_that_is_too_long_says_by_how_much(message, input_tokens, max_tokens):
    error = error_for(Failure(code="ModelError", reason="validation", message=message, status=422), TARGET)
    assert isinstance(error, inference_client.InputTooLongError)
    assert (error.input_tokens, error.max_tokens) == (input_tokens, max_tokens)
    assert not error.retryable


def test_a_wrapped_message_is_unwrapped_where_the_original_is_missing():
    message = (
        'Received client error (422) from primary with message "{"error":"Input validation error: `top_p` must be > '
        '0.0 and < 1.0","error_type":"validation"}". See https://us-east-1.console.aws.amazon.com/x in account 1.'
    )
    error = error_for(failure_from_response(service("ModelError", 424, message)), TARGET)
    assert (type(error).__name__, error.status, error.error_type) == ("ValidationRejectedError", 422, "validation")


def test_the_containers_log_is_named():
    response = container(500, "boom") | {"LogStreamArn": "arn:aws:logs:us-east-1:1:log-group:/x"}
    error = error_for(failure_from_response(response), TARGET)
    assert error.log_stream_arn == "arn:aws:logs:us-east-1:1:log-group:/x"
    assert "Log: arn:aws:logs" in str(error)


@pytest.mark.parametrize(
    ("code", "reason", "kind", "retryable"),
    [
        ("ModelStreamError", "ModelInvocationTimeExceeded", "InvocationTimeoutError", False),
        ("ModelStreamError", "StreamBroken", "StreamInterruptedError", True),
        ("InternalStreamFailure", "", "StreamInterruptedError", True),
    ],
)
def test_failures_inside_a_stream_become_their_errors(code, reason, kind, retryable):
    error = error_for(Failure(code=code, reason=reason, message="x"), TARGET)
    assert (type(error).__name__, error.retryable) == (kind, retryable)
