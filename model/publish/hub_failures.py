"""What huggingface_hub raises, as this project's errors: one table, and never the token."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from model.errors import HubError

_ASK_FOR_ACCESS = (
    "Accept the model's terms on the hub, and log in with a token that may read it: `hf auth login`, HF_TOKEN, or "
    "--token-secret."
)
_ASK_ELSEWHERE = "Check the network and HF_ENDPOINT, and run it again: what has come is kept."
_NETWORK = (LocalEntryNotFoundError, OfflineModeIsEnabled, httpx.TransportError, ConnectionError, TimeoutError)
_BUSY = frozenset({408, 429})


@contextmanager
def translated(model_id: str, revision: str | None) -> Iterator[None]:
    """Raise what the hub's library raises as a HubError.

    The message is this project's own: the library's may hold a signed address.
    """
    try:
        yield
    except GatedRepoError as error:
        raise _refuse(f"the hub does not give {model_id!r} to this login: it is gated.", _ASK_FOR_ACCESS) from error
    except RevisionNotFoundError as error:
        raise _refuse(
            f"the hub has {model_id!r}, but not the revision {revision!r}.", "Give a commit, a branch or a tag of it."
        ) from error
    except RepositoryNotFoundError as error:
        raise _refuse(
            f"the hub has no model {model_id!r} for this login: the id is misspelt, or it is private.",
            f"Check the id. {_ASK_FOR_ACCESS}",
        ) from error
    except _NETWORK as error:
        raise HubError(
            f"the hub was not reached, or broke off: {type(error).__name__}.", remedy=_ASK_ELSEWHERE, retryable=True
        ) from error
    except EntryNotFoundError as error:
        raise _refuse(
            f"the hub lists a file of {model_id!r} and does not have it.", "Give another revision."
        ) from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        if status in {401, 403}:
            raise _refuse(f"the hub refuses this login ({status}).", _ASK_FOR_ACCESS) from error
        raise HubError(
            f"the hub answered {status} for {model_id!r}.",
            remedy="Try again later: what has come is kept.",
            retryable=status in _BUSY or status >= 500,
        ) from error
    except HFValidationError as error:
        raise _refuse(f"{model_id!r} is no id of the hub.", "It must read 'owner/name'.") from error
    except UnicodeEncodeError as error:
        # It is the one text of a request that comes from outside and is checked by nobody before.
        raise _refuse(
            "the hub's token holds a character that none has.", "Set HF_TOKEN to the token and nothing else."
        ) from error
    except OSError as error:
        raise HubError(
            f"the download of {model_id!r} failed: {error.strerror or type(error).__name__}.",
            remedy="Look at the disk that HF_HOME names, and run it again: what has come is kept.",
            retryable=True,
        ) from error


def _refuse(problem: str, remedy: str) -> HubError:
    return HubError(problem, remedy=remedy, retryable=False)
