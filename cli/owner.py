"""Whose something is in an account that several share: by its name and by its tags."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

DEFAULT_NAME = "llm-twin"


@dataclass(frozen=True, kw_only=True)
class Owner:
    """One project, or one stage of it.

    Every name that the stacks give begins with the project's and the stage's, and what can carry tags carries both as
    `project` and `stage` (stacks/settings.py).

    Attributes:
        name: the project's name.
        stage: the stage; None for all, and for what has the name and no stage.
    """

    name: str = DEFAULT_NAME
    stage: str | None = None

    def __str__(self) -> str:
        return f"{self.name}, stage {self.stage}" if self.stage else self.name

    def owns(self, name: str) -> bool:
        """Whether a name, a path or an ARN's last part is this project's: `llm-twin-dev-…`, `/aws/…/llm-twin-dev-…`."""
        of_stage = rf"[-/]{re.escape(self.stage)}" if self.stage else ""
        return bool(re.search(rf"(?<![a-z0-9-]){re.escape(self.name)}{of_stage}(?![a-z0-9])", name, re.IGNORECASE))

    def owns_tagged(self, tags: Iterable[Mapping[str, str]]) -> bool:
        """Whether tags, as AWS lists them, say so."""
        # ECS and KMS have words of their own for key and value.
        found = {
            tag.get("Key") or tag.get("key") or tag.get("TagKey", ""): tag.get("Value")
            or tag.get("value")
            or tag.get("TagValue", "")
            for tag in tags
        }
        return found.get("project") == self.name and self.stage in (None, found.get("stage"))
