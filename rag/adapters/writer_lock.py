"""One writer at a time, across processes.

In a folder the lock is the operating system's own: it ends with its process, however that ends. In an object store it
is a lease: a row that says who writes and until when, renewed while the work goes on; a writer that dies keeps the
store locked until its lease runs out.
"""

import fcntl
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lancedb
import pyarrow as pa
from lancedb.db import DBConnection

from rag.errors import StoreLockedError

LOCK_FILE = ".writer.lock"
LEASE_TABLE = "writer_lease"
LEASE_S = 60.0
_RENEWALS_PER_LEASE = 4


def _holder() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder.

    Raises:
        StoreLockedError: another process, or another writer of this one, holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_FILE).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise StoreLockedError(location=str(folder), holder=file.read(200).strip() or "another writer") from None
        file.truncate(0)
        file.write(_holder())
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


@contextmanager
def lease(connection: DBConnection, location: str, *, lease_s: float = LEASE_S) -> Iterator[None]:
    """Hold the lease of an object store, renewed by a thread.

    Two that reach for it at once meet in the commit of one row: the store lets one of them succeed.

    Raises:
        StoreLockedError: another writer holds it.
    """
    table = _lease_table(connection)
    token = f"{_holder()} ({uuid.uuid4().hex[:8]})"
    _take(table, token, location, lease_s)
    released = threading.Event()

    def renew() -> None:
        while not released.wait(lease_s / _RENEWALS_PER_LEASE):
            table.update(where=f"holder = '{token}'", values={"expires_at": time.time() + lease_s})

    renewal = threading.Thread(target=renew, name="writer-lease", daemon=True)
    renewal.start()
    try:
        yield
    finally:
        released.set()
        renewal.join()
        table.update(where=f"holder = '{token}'", values={"expires_at": 0.0})


def _lease_table(connection: DBConnection) -> lancedb.table.Table:
    row = pa.table({"name": ["writer"], "holder": [""], "expires_at": [0.0]})
    try:
        return connection.create_table(LEASE_TABLE, data=row)
    except ValueError:  # it exists
        return connection.open_table(LEASE_TABLE)


def _take(table: lancedb.table.Table, token: str, location: str, lease_s: float) -> None:
    now = time.time()
    table.checkout_latest()  # type: ignore[no-untyped-call]
    table.update(where=f"expires_at < {now!r}", values={"holder": token, "expires_at": now + lease_s})
    table.checkout_latest()  # type: ignore[no-untyped-call]
    holder = table.search().limit(1).to_list()[0]["holder"]
    if holder != token:
        raise StoreLockedError(location=location, holder=str(holder))
