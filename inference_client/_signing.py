"""A signed request without sending it, so that another HTTP library can.

botocore resolves the URL (AWS_ENDPOINT_URL, FIPS, dual-stack), finds credentials, serializes and signs exactly as for a
call of its own; just before it would send, its ``before-send`` event hands the request over instead.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from botocore import parsers
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.credentials import Credentials

from ._aws import AwsClients, translated
from ._error_rules import Target, error_for
from ._failure import failure_from_response
from ._request import invocation
from .errors import InferenceClientError

_INVOCATION_ID = "amz-sdk-invocation-id"
_INFERENCE_ID = "X-Amzn-SageMaker-Inference-Id"
# What two requests for the same component do not have in common.
_OF_ONE_REQUEST = frozenset(
    name.lower()
    for name in (
        "Authorization",
        "Content-Length",
        "X-Amz-Date",
        "X-Amz-Security-Token",
        "X-Amzn-Trace-Id",
        _INFERENCE_ID,
        _INVOCATION_ID,
    )
)


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


class StreamSigner:
    """Signs InvokeEndpointWithResponseStream requests.

    The first one for a component goes through all of botocore. Another one differs in its body, its ids and its
    signature only: it is the first one's form with these, signed by botocore's own signer, in a fifth of the time.
    Handlers that a caller has registered with its botocore session see the first one only.
    """

    def __init__(self, aws: AwsClients) -> None:
        self._aws = aws
        self._forms: dict[Target, _Form] = {}

    def sign(self, target: Target, body: bytes, *, inference_id: str | None) -> SignedRequest:
        """Sign a request. It may block, unless the clients are ready: credentials may be fetched.

        Raises:
            InferenceClientError: no credentials or region, or arguments that are not allowed.
        """
        arguments = invocation(target, body, inference_id=inference_id)
        form, credentials = self._forms.get(target), self._aws.credentials
        if form is not None and credentials is not None:
            with translated(target):
                return form.sign(body, credentials, inference_id=inference_id)
        first = self._sign_by_botocore(target, arguments)
        if (form := _Form.of(first)) is not None:
            self._forms[target] = form
        return first

    def _sign_by_botocore(self, target: Target, arguments: Mapping[str, Any]) -> SignedRequest:
        try:
            with translated(target):
                self._aws.runtime.invoke_endpoint_with_response_stream(**arguments)
        except _SignedInsteadOfSentError as signed:
            request = signed.request
            return SignedRequest(
                method=str(request.method),
                url=str(request.url),
                headers=_as_text(request.headers),
                body=arguments["Body"],
            )
        raise AssertionError("botocore sent a request although its before-send event raised.")


@dataclass(frozen=True, kw_only=True)
class _Form:
    """What all requests for one component have in common, and for which service and region they are signed."""

    method: str
    url: str
    signed_headers: Mapping[str, str]
    other_headers: Mapping[str, str]
    service: str
    region: str

    @classmethod
    def of(cls, signed: SignedRequest) -> "_Form | None":
        """Return the form of a request; None if it is signed in a way that is not known here."""
        algorithm, _, fields = signed.headers.get("Authorization", "").partition(" ")
        if algorithm != "AWS4-HMAC-SHA256":
            return None
        # Credential=KEY/DATE/REGION/SERVICE/aws4_request, SignedHeaders=a;b, Signature=…
        credential, names, _ = fields.split(", ")
        *_, region, service, _ = credential.split("/")
        is_signed = frozenset(names.partition("=")[2].split(";")).__contains__
        kept = {name: value for name, value in signed.headers.items() if name.lower() not in _OF_ONE_REQUEST}
        return cls(
            method=signed.method,
            url=signed.url,
            signed_headers={name: value for name, value in kept.items() if is_signed(name.lower())},
            other_headers={name: value for name, value in kept.items() if not is_signed(name.lower())},
            service=service,
            region=region,
        )

    def sign(self, body: bytes, credentials: Credentials, *, inference_id: str | None) -> SignedRequest:
        headers = dict(self.signed_headers)
        if inference_id is not None:
            headers[_INFERENCE_ID] = inference_id
        request = AWSRequest(method=self.method, url=self.url, headers=headers, data=body)
        SigV4Auth(credentials.get_frozen_credentials(), self.service, self.region).add_auth(request)
        headers = {**self.other_headers, _INVOCATION_ID: str(uuid.uuid4()), **_as_text(request.headers)}
        return SignedRequest(method=self.method, url=self.url, headers=headers, body=body)


def _as_text(headers: Any) -> dict[str, str]:
    return {
        name: value.decode("latin-1") if isinstance(value, bytes) else str(value) for name, value in headers.items()
    }


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
