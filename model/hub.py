"""What the Hugging Face hub says of a model: its config.json at one commit, and whether it is gated.

It reaches the network by plain HTTPS and only when it is called, and downloads no weights: publish/ does that, by the
hub's own library, which is an extra.
"""

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from model.errors import HubError

HUB_URL = "https://huggingface.co"
# A config.json has a few kilobytes; more is something else.
_MAX_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class HubModel:
    """One model at one commit.

    Attributes:
        model_id: the hub's id.
        revision: the full commit hash.
        gated: whether the hub asks for a token: of a gated model, and of a private one.
        config: the content of config.json.
    """

    model_id: str
    revision: str
    gated: bool
    config: dict[str, Any]


def fetch_model(
    model_id: str,
    *,
    revision: str | None = None,
    token: str | None = None,
    hub_url: str = HUB_URL,
    timeout_s: float = 10,
) -> HubModel:
    """Return what the hub says of a model now.

    Args:
        model_id: the hub's id, `owner/name`.
        revision: a commit, a branch or a tag; None takes the main branch. The result has the commit it stands for.
        token: sent to the hub and nowhere else; a gated config.json is not given out without one.
        hub_url: the hub, or a mirror that speaks like it.
        timeout_s: how long each of the two calls may take.

    Raises:
        HubError: no such model or revision, no access, no network, or a token that is none.
    """
    token = _clean(token)
    path = quote(model_id, safe="/")
    revision_path = f"/revision/{quote(revision, safe='')}" if revision else ""
    about = _get(f"{hub_url}/api/models/{path}{revision_path}", token, timeout_s, model_id)
    commit = str(about.get("sha", ""))
    config = _get(f"{hub_url}/{path}/raw/{quote(commit, safe='')}/config.json", token, timeout_s, model_id)
    gated = bool(about.get("gated", False) or about.get("private", False))
    return HubModel(model_id=model_id, revision=commit, gated=gated, config=config)


def _clean(token: str | None) -> str | None:
    """Return a token without the white space around it, which a file or a shell may have left there."""
    stripped = (token or "").strip()
    # What cannot be sent would come back in the error of whoever tries, and so be shown.
    if not stripped.isascii() or not stripped.isprintable() or " " in stripped:
        raise HubError(
            "the hub's token holds a character that none has.",
            remedy="Set HF_TOKEN to the token and nothing else.",
            retryable=False,
        )
    return stripped or None


def _get(url: str, token: str | None, timeout_s: float, model_id: str) -> dict[str, Any]:
    request = urllib.request.Request(url)  # noqa: S310 - http(s) only: the caller names the hub
    if token:
        # Never to where the hub may redirect: that is somebody else's machine.
        request.add_unredirected_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as response:  # noqa: S310 - as above
            content = json.loads(response.read(_MAX_BYTES))
    except urllib.error.HTTPError as error:
        error.close()
        raise _describe_refusal(error.code, url, model_id) from error
    except (OSError, ValueError, RecursionError, http.client.HTTPException) as error:
        raise HubError(
            f"{url} was not reached: {getattr(error, 'reason', error)!s:.200}.",
            remedy="Without a network: save the model's config.json and give --config FILE --revision COMMIT.",
            retryable=True,
        ) from error
    if not isinstance(content, dict):
        raise HubError(f"{url} answered no JSON object.", remedy="Is it a Hugging Face hub?", retryable=False)
    return content


def _describe_refusal(status: int, url: str, model_id: str) -> HubError:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return HubError(
            f"the hub does not give {model_id!r} to everybody ({status} for {url}).",
            remedy="Is the id right? If it is gated, accept its terms there and set HF_TOKEN, or save its config.json "
            "and give --config FILE --revision COMMIT --gated.",
            retryable=False,
        )
    if status == HTTPStatus.NOT_FOUND:
        return HubError(f"the hub has no such thing: {url}.", remedy="Check the id and the revision.", retryable=False)
    return HubError(f"the hub answered {status} for {url}.", remedy="Try again later.", retryable=True)
