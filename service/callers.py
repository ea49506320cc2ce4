"""Who calls, and whether they may: dependencies of routes."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from service.api_keys import Scope
from service.errors import AuthenticationError, ForbiddenError
from service.lifespan import ServiceState
from service.request_record import CURRENT

_bearer = HTTPBearer(auto_error=False, description="An API key of the service.")
_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key of the service.")


# `async`, as every dependency here: FastAPI runs the others on a thread, which costs more than they do.
async def _presented(
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    header: Annotated[str | None, Depends(_header)],
) -> str | None:
    return bearer.credentials if bearer else header


Presented = Annotated[str | None, Depends(_presented)]


async def may_ask(request: Request, presented: Presented) -> None:
    """Let those pass whose key allows to ask."""
    _check(request, presented, Scope.ASK)


async def may_write(request: Request, presented: Presented) -> None:
    """Let those pass whose key allows to change documents."""
    _check(request, presented, Scope.WRITE)


def _check(request: Request, presented: str | None, scope: Scope) -> None:
    state: ServiceState = request.state.service
    if state.keys is None:
        return
    key = state.keys.ring.find(presented) if presented else None
    if key is None:
        told = "The API key is not known or has ended." if presented else "Send one as `Authorization: Bearer …`."
        raise AuthenticationError(told)
    record = CURRENT.get()
    if record:
        record.caller = key.name
    if scope not in key.scopes:
        raise ForbiddenError(
            f"This needs a key with the scope {scope.value!r}; yours has {', '.join(sorted(key.scopes))}."
        )
