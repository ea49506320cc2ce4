"""The archive of an adapter in S3, unpacked where a container on this machine can read it."""

import io
import tarfile
from pathlib import Path

from moto.s3.models import s3_backends

from local.aws.wire.place import Place


class UnreadableArchiveError(Exception):
    """The object is not there, or is no .tar.gz whose files stay in their folder."""


def unpack(place: Place, uri: str, *, to: Path) -> None:
    """Unpack an archive into a folder.

    Args:
        place: where the bucket is looked for.
        uri: `s3://BUCKET/KEY`.
        to: the folder, which is made.

    Raises:
        UnreadableArchiveError: it cannot be read.
    """
    name, _, key = uri.removeprefix("s3://").partition("/")
    bucket = s3_backends[place.account_id][place.partition].buckets.get(name)
    found = None if bucket is None else bucket.keys.get(key)
    if found is None:
        raise UnreadableArchiveError(f"Could not find model data at {uri}.")
    to.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(found.value), mode="r:gz") as archive:
            _extract(archive, to.resolve())
    except (tarfile.TarError, OSError, EOFError) as error:
        raise UnreadableArchiveError(f"Could not extract the model data at {uri}: {error}.") from error


def _extract(archive: tarfile.TarFile, to: Path) -> None:
    # Not extractall with its filter: the first releases of Python 3.11 have none.
    for member in archive:
        file = (to / member.name).resolve()
        if not file.is_relative_to(to) or not (member.isfile() or member.isdir()):
            raise tarfile.TarError(f"{member.name!r} is no file in its folder")
        content = archive.extractfile(member)
        if content is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.read())
