"""What is known about the request that is being served: its id, whose it is, how it went.

One record lives as long as its request, from the outermost middleware on, and is found anywhere below it by the
context.
"""

import re
import secrets
from contextvars import ContextVar
from dataclasses import dataclass, field

REQUEST_ID_HEADER = "X-Request-ID"
# What SageMaker takes as an inference id is at most 64 characters; ours go there unchanged.
_ALLOWED_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(kw_only=True)
class RequestRecord:
    """One request.

    Attributes:
        request_id: the caller's own, if it sent a usable one, else ours.
        caller: name of the API key; "" without one.
        problem: what kind of problem it ended with, as `no-capacity`; "" if none.
        facts: what else its log line says.
    """

    request_id: str
    caller: str = ""
    problem: str = ""
    facts: dict[str, object] = field(default_factory=dict)


CURRENT: ContextVar[RequestRecord | None] = ContextVar("service_request_record", default=None)


def current_request_id() -> str | None:
    """Return the id of the request that is being served; None outside of one."""
    record = CURRENT.get()
    return record.request_id if record else None


def choose_request_id(offered: str | None) -> str:
    """Return the caller's id where it can go into logs and headers as it is, else a new one."""
    return offered if offered and _ALLOWED_ID.fullmatch(offered) else secrets.token_hex(16)
