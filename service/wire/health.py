"""GET /healthz and GET /readyz."""

from typing import Literal

from pydantic import BaseModel

from service.readiness import Condition


class HealthOut(BaseModel):
    """The process lives and its event loop turns."""

    status: Literal["ok"] = "ok"


class ReadinessOut(BaseModel):
    """Whether questions can be answered, and which part is in the way."""

    status: Literal["ready", "not_ready"]
    store: Condition
    endpoint: Condition
