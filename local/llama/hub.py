"""Whether the hub would give the container its model, in the hub's own words where it would not.

Nothing is downloaded here. Where HF_ENDPOINT names a hub, as it does for a mirror, that hub is asked as an engine would
ask it; without it the catalogue answers. The words are huggingface_hub's (hf_raise_for_status in utils/_http.py, read
at v1.33) and, on access, the hub's own. 401 is the answer both for a gated model and for one that does not exist; the
header X-Error-Code tells them apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

import httpx

from local.llama.errors import StartupError
from model import catalog
from model.errors import UnknownModelError
from model.spec import ModelSpec

_HUB: Final = "https://huggingface.co"


@dataclass(frozen=True, kw_only=True)
class Hub:
    """Where a deployment looks for its model.

    Attributes:
        url: the hub to ask, where the deployment names another than the usual one.
        token: what the hub is shown.
        revision: the commit of the weights.
    """

    url: str | None
    token: str | None = field(repr=False)
    revision: str | None


def require_access(hub: Hub, model_id: str, *, added: Mapping[str, ModelSpec], otherwise: str) -> None:
    """Check that the hub has the model and gives it to the deployment's token.

    Args:
        hub: where it looks.
        model_id: the model that it names.
        added: what the project has added to the catalogue.
        otherwise: how a model that the catalogue has not can be served here all the same.

    Raises:
        StartupError: it has not, or does not.
    """
    if hub.url is not None:
        _ask(hub, hub.url, model_id)
        return
    url = f"{_HUB}/api/models/{model_id}"
    try:
        spec = catalog.find(model_id, added=added)
    except UnknownModelError as error:
        raise StartupError(
            f"RepositoryNotFoundError: 404 Client Error. Repository Not Found for url: {url}. "
            f"(The catalogue was asked, not the hub. {error.remedy} {otherwise})"
        ) from error
    # Which tokens may read a gated model only the hub knows: any token is taken here.
    if spec.gated and hub.token is None:
        _refuse_gated(f"{url}/revision/{hub.revision or 'main'}", model_id, 401)


def _ask(hub: Hub, hub_url: str, model_id: str) -> None:
    url = f"{hub_url.rstrip('/')}/api/models/{model_id}/revision/{hub.revision or 'main'}"
    headers = {"Authorization": f"Bearer {hub.token}"} if hub.token else {}
    try:
        # huggingface_hub asks for a model's files without a limit of time: a hub that hangs holds the container up.
        answer = httpx.get(url, headers=headers, timeout=None, trust_env=False)  # noqa: S113 - as said above
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise StartupError(f"{type(error).__name__}: {error} for url: {url}") from error
    code = answer.headers.get("X-Error-Code")
    if code == "GatedRepo":
        _refuse_gated(url, model_id, answer.status_code)
    if code == "RevisionNotFound":
        raise StartupError(
            f"RevisionNotFoundError: {answer.status_code} Client Error. Revision Not Found for url: {url}."
        )
    if code == "RepoNotFound" or answer.status_code == httpx.codes.UNAUTHORIZED:
        raise StartupError(
            f"RepositoryNotFoundError: {answer.status_code} Client Error. Repository Not Found for url: {url}. Please "
            "make sure you specified the correct `repo_id` and `repo_type`. If you are trying to access a private or "
            "gated repo, make sure you are authenticated."
        )
    if answer.is_error:
        raise StartupError(f"HfHubHTTPError: {answer.status_code} for url: {url}")


def _refuse_gated(url: str, model_id: str, status: int) -> NoReturn:
    told = (
        "You must have access to it and be authenticated to access it. Please log in."
        if status == httpx.codes.UNAUTHORIZED
        else "and you are not in the authorized list. Visit the model's page to ask for access."
    )
    between = "." if status == httpx.codes.UNAUTHORIZED else ""
    raise StartupError(
        f"GatedRepoError: {status} Client Error. Cannot access gated repo for url {url}. "
        f"Access to model {model_id} is restricted{between} {told}"
    )
