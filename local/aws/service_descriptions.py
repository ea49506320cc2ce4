"""AWS's descriptions of its services, read once for everything in this process that speaks to them.

Each SDK session reads them for itself, and moto does for each service: EC2's alone takes a fifth of a second. Nobody
changes what a session has read; moto's own, which it adds to, are read apart.
"""

import functools
from types import ModuleType

from botocore import session
from moto.core import utils


def read_once() -> None:
    """Let all SDK sessions of this process share what they have read, and all of moto's services."""
    modules: tuple[ModuleType, ...] = (session, utils)
    for module in modules:
        if not hasattr(module.create_loader, "cache_clear"):
            module.create_loader = functools.cache(module.create_loader)  # type: ignore[attr-defined]
