import functools
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from local.aws.process import LocalAws


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """One running local AWS for all tests that only need one; each keeps to names or a region of its own."""
    with LocalAws.start(state_dir=tmp_path_factory.mktemp("local-aws")) as running:
        yield running


class Clients:
    """SDK clients of a running local AWS, as any program's."""

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url
        self._session = boto3.Session(
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - nothing checks it
        )

    @functools.cache  # noqa: B019 - lives as long as the tests do
    def __call__(self, service: str, *, region: str = "us-east-1") -> Any:
        return self._session.client(service, endpoint_url=self._endpoint_url, region_name=region)  # type: ignore[call-overload]


@pytest.fixture(scope="session")
def client(local_aws: LocalAws) -> Clients:
    return Clients(local_aws.endpoint_url)
