"""How a change of what a component runs is rolled out: one copy after the other, watched, and taken back if it fails.

It is a value; constructs/llm_endpoint.py writes it into the template. None of it may follow from the number of copies:
a change of the bounds of scaling would then be an update of the component, with all that comes with one.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class UpdatePolicy:
    """How long an update may take and what is watched.

    Attributes:
        wait_s: how long each new copy is watched before the next one is started, in seconds.
        timeout_s: after how long the whole is rolled back, in seconds.
        rolls_back_on_errors: whether requests that fail while it is rolled out roll it back.
    """

    wait_s: int
    timeout_s: int
    rolls_back_on_errors: bool
