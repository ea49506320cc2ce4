"""Where the API keys are kept, and noticing when they were rotated.

A rotation that cannot be read is logged and the keys before it stay: a slip in the file must not lock everybody out.
"""

import asyncio
from collections.abc import Callable

import boto3
import structlog

from service.api_keys import KeyRing, read_keys
from service.errors import KeysError
from service.settings import Settings


class KeySource:
    """The keys as they are now.

    Args:
        read: gives the stored document; may block, and is called on a thread.
        refresh_s: how often it is read again.
    """

    def __init__(self, *, read: Callable[[], str], refresh_s: float) -> None:
        self._read = read
        self._refresh_s = refresh_s
        self._ring: KeyRing | None = None
        self._log = structlog.get_logger(__name__)

    @property
    def ring(self) -> KeyRing:
        """The keys that count now.

        Raises:
            KeysError: they were not loaded yet.
        """
        if self._ring is None:
            raise KeysError("The API keys were not loaded.")
        return self._ring

    async def load(self) -> None:
        """Read the keys for the first time.

        Raises:
            KeysError: they cannot be read.
        """
        self._ring = read_keys(await asyncio.to_thread(self._read))

    async def follow(self) -> None:
        """Read the keys again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._refresh_s)
            try:
                ring = read_keys(await asyncio.to_thread(self._read))
            except KeysError as error:
                self._log.error("api_keys_not_refreshed", reason=str(error))
                continue
            if ring != self._ring:
                self._ring = ring
                self._log.info("api_keys_refreshed", names=[key.name for key in ring.keys])


def key_source(settings: Settings) -> KeySource | None:
    """Return the source that the settings name, or None where callers need no key."""
    if not settings.has_keys:
        return None
    return KeySource(read=_reader(settings), refresh_s=settings.api_keys_refresh_s)


def _reader(settings: Settings) -> Callable[[], str]:
    if settings.api_keys is not None:
        document = settings.api_keys.get_secret_value()
        return lambda: document
    if settings.api_keys_file is not None:
        file = settings.api_keys_file

        def read_file() -> str:
            try:
                return file.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise KeysError(f"api_keys_file {str(file)!r} cannot be read: {error}.") from error

        return read_file
    return _secret_reader(str(settings.api_keys_secret))


def _secret_reader(secret_id: str) -> Callable[[], str]:
    def read_secret() -> str:
        try:
            client = boto3.session.Session().client("secretsmanager")
            try:
                return str(client.get_secret_value(SecretId=secret_id)["SecretString"])
            finally:
                client.close()
        except Exception as error:
            raise KeysError(f"api_keys_secret {secret_id!r} cannot be read: {type(error).__name__}: {error}") from error

    return read_secret
