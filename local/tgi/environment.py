"""Typed values out of environment variables, with one clear error each."""

from collections.abc import Mapping, Sequence
from typing import Final

from local.llama.errors import StartupError

# What clap, the launcher's argument parser, takes for "no" in the variable of a flag.
_NO: Final = frozenset({"", "0", "f", "false", "n", "no", "off"})


class Environment:
    """Reads variables by name. A variable may have an older or a SageMaker name, which is looked at first."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def text(self, *names: str) -> str | None:
        """Return the first variable that is set and not empty, or None."""
        return next((self._variables[name] for name in names if self._variables.get(name)), None)

    def flag(self, *names: str) -> bool:
        """Return whether a flag is set; any value is a yes except 0, f, false, n, no and off."""
        return any(self._variables.get(name, "").lower() not in _NO for name in names)

    def choice(self, allowed: Sequence[str], *names: str) -> str | None:
        """Return one of the allowed values, or None when none is set.

        Raises:
            StartupError: the value is not allowed.
        """
        value = self.text(*names)
        if value is not None and value not in allowed:
            raise StartupError(f"{names[0]}={value!r} is not known: allowed are {', '.join(allowed)}")
        return value

    def count(self, *names: str, least: int = 0) -> int | None:
        """Return a whole number, or None when none is set.

        Raises:
            StartupError: the value is no whole number, or below `least`.
        """
        for name in names:
            if name in self._variables:
                return _read_count(name, self._variables[name], least)
        return None


def _read_count(name: str, value: str, least: int) -> int:
    # int() would also take blanks, signs, underscores and other scripts' digits.
    if not (value.isascii() and value.isdigit()) or int(value) < least:
        raise StartupError(f"{name}={value!r} is not allowed: it must be a whole number of at least {least}")
    return int(value)
