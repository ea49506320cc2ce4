"""What was read, from where and of when: what a cause is found in and what a person can check it by."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One thing that AWS or a container said.

    Attributes:
        source: who said it, as "stack event of Component".
        time: when; None where AWS gives no time.
        text: in its own words.
    """

    source: str
    time: datetime | None
    text: str

    def to_json(self) -> dict[str, str | None]:
        """The same as plain values."""
        return {"source": self.source, "time": self.time.isoformat() if self.time else None, "text": self.text}
