"""Which image the service runs: one that is in a registry, or one that the deploy builds from this checkout.

Tasks run in subnets without a way to the internet, so the registry is ECR in the region of the deployment: Docker Hub
cannot be reached from there. Which of its regions that has to be is for the deployment's settings to say.
"""

import re
from dataclasses import dataclass

from stacks.errors import NotAllowedError

BUILD = "build"
_ALLOWED = (
    "REPOSITORY:TAG or REPOSITORY@sha256:DIGEST of this account's ECR, the same behind "
    f"ACCOUNT.dkr.ecr.REGION.amazonaws.com/, or {BUILD!r} (the deploy builds it, with Docker)"
)

# Repository and tag as ECR and the OCI distribution specification have them. What begins with a host name would be
# looked for on that host.
_REFERENCE = re.compile(
    r"(?:(?P<account_id>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.(?P<suffix>[a-z0-9.-]+)/)?"
    r"(?P<repository>(?![^/]*\.[^/]*/)[a-z0-9]+(?:[._/-][a-z0-9]+)*)"
    r"(?P<version>:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})"
)


@dataclass(frozen=True, kw_only=True)
class RegistryImage:
    """An image in ECR.

    Attributes:
        repository: its repository.
        version: `:TAG` or `@sha256:DIGEST`.
        account_id: whose registry; None for the account that is deployed to.
        region: the registry's region; None for the one that is deployed to.
    """

    repository: str
    version: str
    account_id: str | None = None
    region: str | None = None


@dataclass(frozen=True)
class BuiltImage:
    """The image that the Dockerfile of this checkout describes."""


ServiceImage = RegistryImage | BuiltImage


def parse_image(setting: str, text: str) -> ServiceImage:
    """Return the image that a text names.

    Raises:
        NotAllowedError: it names none, or one whose content may change under a running service.
    """
    if text == BUILD:
        return BuiltImage()
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise NotAllowedError(setting=setting, value=text, allowed=_ALLOWED)
    if match["version"] == ":latest":
        # The circuit breaker would roll back to the same tag, and so to the same fault.
        raise NotAllowedError(setting=setting, value=text, allowed="a tag that always means the same image, not latest")
    return RegistryImage(
        repository=match["repository"],
        version=match["version"],
        account_id=match["account_id"],
        region=match["region"],
    )
