"""Values out of a config.json, each of the kind that it has to be.

Knows kinds and how a refusal reads: it names the model, the key, the value and what is allowed. What the values mean is
for published_config.py.
"""

from collections.abc import Mapping
from typing import Any

from model.errors import UnreadableConfigError

# Nothing in a config.json that is read here comes near: a number beyond is a slip, and would only be refused later.
_LARGEST = 10**9
_SHOWN_CHARACTERS = 80


class ConfigReader:
    """Reads one config.json, or an object within it.

    Args:
        config: its content.
        model_id: the model, for refusals.
    """

    def __init__(self, config: Mapping[str, Any], model_id: str) -> None:
        self._config = config
        self._model_id = model_id

    def get(self, key: str) -> Any:
        """Return a value as it is; None where there is none."""
        return self._config.get(key)

    def has(self, key: str) -> bool:
        """Return whether a key is there, with null as its value or another."""
        return key in self._config

    def read_int(self, key: str, *, default: int | None = None) -> int:
        """Return a whole number; the default where there is none.

        Raises:
            UnreadableConfigError: it is another kind of value, or there is none and no default.
        """
        value = self._config.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or _is_beyond(value):
            raise self.refuse(key, value, f"It must be a whole number of at most {_LARGEST:,}.")
        return value

    def read_flag(self, key: str, *, default: bool = False) -> bool:
        """Return a flag; the default where there is none.

        Raises:
            UnreadableConfigError: it is another kind of value.
        """
        value = self._config.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.refuse(key, value, "It must be true or false.")
        return value

    def read_object(self, *keys: str) -> "ConfigReader | None":
        """Return the object under the first of the keys that has a value; None where none has.

        Raises:
            UnreadableConfigError: it is another kind of value.
        """
        for key in keys:
            value = self._config.get(key)
            if value is None:
                continue
            if not isinstance(value, dict):
                raise self.refuse(key, value, "It must be an object.")
            return ConfigReader(value, self._model_id)
        return None

    def refuse(self, key: str, value: object, remedy: str) -> UnreadableConfigError:
        """Return the refusal of a value."""
        shown = f"a number beyond {_LARGEST:,}" if _is_beyond(value) else repr(value)
        if len(shown) > _SHOWN_CHARACTERS:
            shown = f"{shown[:_SHOWN_CHARACTERS]}…"
        return UnreadableConfigError(f"config.json of {self._model_id}: {key} is {shown}.", remedy=remedy)


def _is_beyond(value: object) -> bool:
    return isinstance(value, int) and abs(value) > _LARGEST
