"""What can be wrong with a deployment's settings. What can be wrong with what is served is in model/errors.py.

```
SettingsError              the root: nothing has been created, the settings have to change
├── UnknownSettingError    there is no setting of that name
└── NotAllowedError        a value is out of range or of the wrong form
```
"""

import difflib
from collections.abc import Sequence


class SettingsError(Exception):
    """A setting that cannot be deployed.

    Attributes:
        setting: its name, as it is written behind `-c`.
    """

    def __init__(self, message: str, *, setting: str) -> None:
        super().__init__(message)
        self.setting = setting


class UnknownSettingError(SettingsError):
    """A setting that does not exist, most likely misspelt.

    Attributes:
        known: the settings there are.
    """

    def __init__(self, setting: str, *, known: Sequence[str]) -> None:
        near = difflib.get_close_matches(setting, known, n=1)
        question = f" Did you mean {near[0]!r}?" if near else ""
        super().__init__(
            f"setting {setting!r} is not known.{question} Known settings: {', '.join(known)}.", setting=setting
        )
        self.known = tuple(known)


class NotAllowedError(SettingsError):
    """A value that the setting does not take.

    Attributes:
        value: what was given.
        allowed: what is allowed, in words.
    """

    def __init__(self, *, setting: str, value: object, allowed: str) -> None:
        super().__init__(f"{setting} is {value!r}. Allowed: {allowed}.", setting=setting)
        self.value = value
        self.allowed = allowed
