"""LanceDB's exceptions as the errors of rag.

LanceDB raises plain RuntimeError, OSError and ValueError with the cause in the text: the text is all there is to go by.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from rag.errors import RagError, StoreCorruptError, StoreMissingError, StoreUnavailableError

_UNAVAILABLE = (
    "error sending request",
    "timed out",
    "timeout",
    "connection",
    "dns error",
    "after 10 retries",
    "generic s3 error",
    "503",
    "credential",
    "permission denied",
    "access denied",
    "forbidden",
    "unauthorized",
    "nosuchbucket",
    "no space left",
    "read-only file system",
)


@contextmanager
def failures(location: str) -> Iterator[None]:
    """Turn what LanceDB raises within the block into a StoreError that names the store."""
    try:
        yield
    except RagError:
        raise
    except (RuntimeError, OSError, ValueError, KeyError) as error:
        text = str(error)
        cause = text.split(", /", maxsplit=1)[0][:300]
        if any(sign in text.lower() for sign in _UNAVAILABLE) or isinstance(error, PermissionError):
            raise StoreUnavailableError(
                f"the store {location!r} cannot be reached: {cause}.",
                remedy="Check its address, the network and the permissions, and try again.",
                location=location,
            ) from error
        raise StoreCorruptError(
            f"the store {location!r} cannot be read: {cause}.",
            remedy="Restore it from a copy, or ingest again with a rebuild.",
            location=location,
        ) from error


def missing(location: str) -> StoreMissingError:
    """Return the error for a store that was never written."""
    return StoreMissingError(
        f"the store {location!r} does not exist.", remedy="Ingest something first.", location=location
    )


def without_version(location: str) -> StoreCorruptError:
    """Return the error for a store whose table has nothing that can be read."""
    return StoreCorruptError(
        f"the store {location!r} has a table without a readable version.",
        remedy="Restore it from a copy, or ingest again with a rebuild.",
        location=location,
    )
