"""The environment variables that make boto3, the AWS CLI and the CDK CLI speak to the AWS on this machine."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ACCOUNT_ID = "123456789012"
DEFAULT_REGION = "us-east-1"

# Anything in the caller's shell that would win over the variables below, or send them elsewhere.
CONFLICTING = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_CA_BUNDLE",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)


def default_region(environ: Mapping[str, str]) -> str:
    """The region that AWS's tools would take from this environment, or us-east-1."""
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or DEFAULT_REGION


@dataclass(frozen=True, kw_only=True)
class LocalEnvironment:
    """What a client of the local AWS needs in its environment.

    Attributes:
        endpoint_url: the local AWS; ``localhost`` and not 127.0.0.1, since the CLI's template URLs must be path-style.
        region: the region whose resources are meant.
        cdk_home: where the CDK CLI keeps its caches, apart from the person's own: it remembers account numbers there.
    """

    endpoint_url: str
    region: str
    cdk_home: Path

    def variables(self) -> dict[str, str]:
        """The variables to set. The credentials are placeholders: the local AWS checks none."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_EC2_METADATA_DISABLED": "true",
            "CDK_HOME": str(self.cdk_home),
        }

    def whole(self) -> dict[str, str]:
        """This process's environment with the variables set and what conflicts with them removed."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in CONFLICTING and not name.startswith("AWS_ENDPOINT_URL_")
        }
        return kept | self.variables()

    def enter(self) -> None:
        """Make this process itself a client: boto3 reads its addresses and credentials from the environment only."""
        whole = self.whole()
        for name in set(os.environ) - set(whole):
            del os.environ[name]
        os.environ.update(whole)
