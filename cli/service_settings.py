"""The service's settings (TWIN_SERVICE_*) for the commands of this machine: a wrong value is one clear error."""

import os
from typing import Any

from cli.errors import UsageError
from cli.project import Project
from service.errors import SettingsError
from service.settings import PREFIX, Settings, read_settings

# Who asks on this machine needs no key, and those of the service are not read.
NO_KEYS = {"allow_no_keys": True, "api_keys": None, "api_keys_file": None, "api_keys_secret": None}


def choose_store(project: Project, given: str | None) -> str:
    """The store that is meant: as given, as the service's variable says, or the checkout's own."""
    return given or os.environ.get(f"{PREFIX}STORE") or str(project.state / "knowledge")


def found_in_stack(name: str | None) -> dict[str, Any]:
    """The settings by which the endpoint is found through a stack; none for None, which leaves it to the variables."""
    if name is None:
        return {}
    return {"endpoint_stack": name, "endpoint_ssm_path": None, "endpoint_outputs_file": None}


def make_settings(values: dict[str, Any]) -> Settings:
    """The settings with some values given; the variables say the rest.

    Raises:
        UsageError: a value is not allowed, or a variable TWIN_SERVICE_* sets nothing.
    """
    try:
        return read_settings(**values)
    except SettingsError as error:
        raise UsageError(str(error)) from error
