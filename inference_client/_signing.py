"""A signed request without sending it, so that another HTTP library can.

botocore resolves the URL (AWS_ENDPOINT_URL, FIPS, dual-stack), finds credentials, serializes and signs exactly as for a
call of its own; just before it would send, its ``before-send`` event hands the request over instead.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from botocore import parsers
from botocore.awsrequest import AWSPreparedRequest

from ._aws import AwsClients, translated
from ._error_rules import Target, error_for
from ._failure import failure_from_response
from ._request import invocation
from .errors import InferenceClientError


@dataclass(frozen=True, kw_only=True)
class SignedRequest:
    """What to send, as it is: any change of URL, body or signed headers breaks the signature."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class _SignedInsteadOfSentError(Exception):
    def __init__(self, request: AWSPreparedRequest) -> None:
        super().__init__()
        self.request = request


def hand_over(request: AWSPreparedRequest, **_: object) -> NoReturn:
    """For botocore's ``before-send`` event."""
    raise _SignedInsteadOfSentError(request)


def sign_stream_request(aws: AwsClients, target: Target, body: bytes, *, inference_id: str | None) -> SignedRequest:
    """Sign an InvokeEndpointWithResponseStream request. It may block: credentials may be fetched.

    Raises:
        InferenceClientError: no credentials or region, or arguments that are not allowed.
    """
    arguments = invocation(target, body, inference_id=inference_id)
    try:
        with translated(target):
            aws.runtime.invoke_endpoint_with_response_stream(**arguments)
    except _SignedInsteadOfSentError as signed:
        request = signed.request
        headers = {
            name: value.decode("latin-1") if isinstance(value, bytes) else str(value)
            for name, value in request.headers.items()
        }
        return SignedRequest(method=str(request.method), url=str(request.url), headers=headers, body=body)
    raise AssertionError("botocore sent a request although its before-send event raised.")


def error_for_response(status: int, headers: Mapping[str, str], body: bytes, target: Target) -> InferenceClientError:
    """Read an error response as botocore would; the fields of a ModelError, which its parser skips, are in the body."""
    parser: Any = parsers.create_parser("rest-json")
    lowered = {name.lower(): value for name, value in headers.items()}
    parsed = parser.parse({"status_code": status, "headers": lowered, "body": body}, None)
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    fields = document if isinstance(document, dict) else {}
    return error_for(failure_from_response({**fields, **parsed}), target)
