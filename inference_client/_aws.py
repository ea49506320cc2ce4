"""The boto3 clients: made on first use, from boto3's own chain of region and credentials, with finite time-outs.

AWS_ENDPOINT_URL, profiles, proxies and the like are boto3's business; this module knows none of them.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore import exceptions as botocore_errors
from botocore.config import Config
from botocore.credentials import Credentials, RefreshableCredentials

from ._error_rules import Target, error_for
from ._failure import failure_from_response
from ._options import ClientOptions
from .errors import (
    ConfigurationError,
    ConnectFailedError,
    ConnectionLostError,
    CredentialsError,
    InferenceClientError,
    ReadTimeoutError,
    TransportError,
)

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

CONTROL_PLANE_READ_TIMEOUT_S = 30.0

_RUNTIME = "sagemaker-runtime"

_RENEW = "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is attached."
_NO_RESEND = "It was not sent again: the model may still be generating. Raise read_timeout_s, or stream."

# The first row that matches decides.
_BOTOCORE_ERRORS: tuple[tuple[tuple[type[Exception], ...], type[InferenceClientError], str], ...] = (
    (
        (
            botocore_errors.NoCredentialsError,
            botocore_errors.PartialCredentialsError,
            botocore_errors.CredentialRetrievalError,
            botocore_errors.TokenRetrievalError,
            botocore_errors.SSOError,
            botocore_errors.LoginError,
        ),
        CredentialsError,
        _RENEW,
    ),
    ((botocore_errors.ProfileNotFound,), CredentialsError, "Check AWS_PROFILE and ~/.aws/config."),
    (
        (botocore_errors.NoRegionError,),
        ConfigurationError,
        "Set AWS_DEFAULT_REGION (boto3 does not read AWS_REGION), or a region in the profile.",
    ),
    (
        (
            botocore_errors.ConnectTimeoutError,
            botocore_errors.EndpointConnectionError,
            botocore_errors.ProxyConnectionError,
        ),
        ConnectFailedError,
        "Check the network, and AWS_ENDPOINT_URL if it is set.",
    ),
    ((botocore_errors.ReadTimeoutError,), ReadTimeoutError, _NO_RESEND),
    ((botocore_errors.SSLError,), TransportError, "Check the certificates (AWS_CA_BUNDLE) and the proxy."),
    (
        (
            botocore_errors.HTTPClientError,
            botocore_errors.IncompleteReadError,
            botocore_errors.ResponseStreamingError,
        ),
        ConnectionLostError,
        "Try again if a second computation of the same answer does no harm.",
    ),
    ((botocore_errors.BotoCoreError,), ConfigurationError, "Check the AWS configuration."),
)


@contextmanager
def translated(target: Target | str) -> Iterator[None]:
    """Turn what boto3 raises inside the block into this library's errors, with the original as cause."""
    try:
        yield
    except botocore_errors.ClientError as error:
        raise error_for(failure_from_response(error.response), target) from error
    except botocore_errors.BotoCoreError as error:
        kind, advice = next((kind, advice) for types, kind, advice in _BOTOCORE_ERRORS if isinstance(error, types))
        raise kind(f"{target}: {str(error).rstrip('.')}. {advice}") from error


class AwsClients:
    """The two clients that one endpoint needs.

    Args:
        session: whose region and credentials count; made on first use if None.
        region: where the endpoint is; None leaves it to the session.
        stream_hook: a botocore event of InvokeEndpointWithResponseStream, as ``before-send``, and who handles it.
    """

    def __init__(
        self,
        *,
        session: boto3.session.Session | None,
        region: str | None,
        options: ClientOptions,
        stream_hook: tuple[str, Callable[..., None]],
    ) -> None:
        self._stream_hook = stream_hook
        self._session = session
        self._region = region
        self._options = options
        self._clients: dict[str, Any] = {}
        self.credentials: Credentials | None = None
        """Those of the data plane's client, once it is made."""
        # Making clients from one session is not thread-safe; using them is.
        self._lock = threading.Lock()

    @property
    def runtime(self) -> "SageMakerRuntimeClient":
        """SageMaker's data plane. It never re-sends: ``_retry.py`` does that."""
        client: SageMakerRuntimeClient = self._client(
            _RUNTIME,
            Config(
                connect_timeout=self._options.connect_timeout_s,
                read_timeout=self._options.read_timeout_s,
                max_pool_connections=self._options.max_connections,
                retries={"mode": "standard", "total_max_attempts": 1},
                tcp_keepalive=True,
            ),
        )
        return client

    @property
    def sagemaker(self) -> "SageMakerClient":
        """SageMaker's control plane; its reads may be repeated, so botocore's own retries serve."""
        client: SageMakerClient = self._client("sagemaker", control_plane_config(self._options))
        return client

    @property
    def is_ready(self) -> bool:
        """Whether a request of the data plane can be signed without waiting for anything.

        Not so before the first one, nor while credentials are about to expire: then signing fetches new ones.
        """
        credentials = self.credentials
        is_fresh = not (isinstance(credentials, RefreshableCredentials) and credentials.refresh_needed())
        return _RUNTIME in self._clients and credentials is not None and is_fresh

    def _client(self, service: str, config: Config) -> Any:
        if service in self._clients:
            # Without the lock: who makes another client holds it for a second.
            return self._clients[service]
        with self._lock, translated("boto3"):
            if service not in self._clients:
                self._session = self._session or boto3.session.Session()
                client = make_client(self._session, service, region=self._region, config=config)
                if service == _RUNTIME:
                    event, handler = self._stream_hook
                    client.meta.events.register(f"{event}.{_RUNTIME}.InvokeEndpointWithResponseStream", handler)
                    # Found already, for the client.
                    self.credentials = self._session.get_credentials()
                self._clients[service] = client
            return self._clients[service]

    def close(self) -> None:
        """Close the connections that are kept open."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()


def control_plane_config(options: ClientOptions) -> Config:
    """For reads of the control plane: finite time-outs, botocore's standard retries."""
    return Config(
        connect_timeout=options.connect_timeout_s,
        read_timeout=CONTROL_PLANE_READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": options.max_attempts},
    )


def make_client(session: boto3.session.Session, service: str, *, region: str | None, config: Config) -> Any:
    """Make a boto3 client.

    Raises:
        ConfigurationError: AWS_ENDPOINT_URL or the region is malformed.
    """
    try:
        return session.client(service, region_name=region, config=config)  # type: ignore[call-overload]  # a name at run time
    except ValueError as error:
        raise ConfigurationError(f"{service}: {error}. Check AWS_ENDPOINT_URL and the region.") from error
