"""The copies that run on this machine, as the local AWS lists them: what the account's API does not say."""

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One running copy of a component.

    Attributes:
        url: where its container listens, the same routes as TGI's.
        stand_in_serves: the model that serves in the place of the deployed one; empty where the deployed one serves.
    """

    component: str
    pid: int
    url: str
    status: str
    log_file: str
    stand_in_serves: str = ""
    stand_in_instead_of: str = ""


def list_copies(endpoint_url: str | None = None) -> list[Copy]:
    """The copies behind the local AWS that this process is a client of; empty for any other AWS."""
    base = endpoint_url or os.environ.get("AWS_ENDPOINT_URL", "")
    parts = urllib.parse.urlsplit(base)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK:
        return []
    try:
        with urllib.request.urlopen(f"{base.rstrip('/')}/_local/copies", timeout=5) as response:  # noqa: S310 - loopback
            listed = json.load(response)["copies"]
    except (urllib.error.URLError, TimeoutError, ValueError, KeyError):
        return []
    return [
        Copy(
            component=copy["component"],
            pid=copy["pid"],
            url=copy["url"],
            status=copy["status"],
            log_file=copy["log_file"],
            stand_in_serves=(copy.get("stand_in") or {}).get("serves", ""),
            stand_in_instead_of=(copy.get("stand_in") or {}).get("instead_of", ""),
        )
        for copy in listed
    ]
