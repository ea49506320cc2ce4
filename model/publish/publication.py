"""From a model on the hub, or in a folder, to a prefix in S3 that a deployment can name.

The order is what makes a broken run harmless: weights first, config.json after them, the manifest last. Without
config.json no engine starts, and without the manifest `twin doctor` calls the prefix unfinished.
"""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from model.errors import ChecksumError
from model.manifest import MANIFEST, Manifest, PublishedFile
from model.publish.destination import Destination, place_model
from model.publish.digest import Digest, read_digest, read_git_sha1
from model.publish.prefix import Prefix
from model.publish.progress import Meter, Phase, Report
from model.publish.snapshot import Snapshot, choose_files, revision_of
from model.publish.upload import upload
from model.weight_files import CONFIG

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from model.publish.hub_snapshot import Hub, HubFile

# Hashing leaves Python's lock: it goes as fast as the cores, up to what a disk gives.
_READERS = min(8, os.cpu_count() or 1)


@dataclass(frozen=True, kw_only=True)
class Publication:
    """A model that a deployment can name.

    Attributes:
        s3_uri: the prefix, as a deployment takes it.
        manifest: what is there.
        kms_key_arn: the key that it is encrypted with, of which a deployment has to know; None where it is S3's own.
        uploaded_files: how many files were sent now; those of which every byte was there are not counted.
        uploaded_bytes: how many bytes were sent now.
    """

    s3_uri: str
    manifest: Manifest
    kms_key_arn: str | None
    uploaded_files: int
    uploaded_bytes: int


class Publisher:
    """Publishes models below one place.

    Args:
        client: S3, in the bucket's region.
        to: the place.
        exact: publish under the place itself, and not under the model's id and revision below it.
        kms_key: what the objects are encrypted with; None leaves it to the bucket.
        report: shown how far it is; from several threads, one at a time.
    """

    def __init__(
        self, client: "S3Client", *, to: Destination, exact: bool, kms_key: str | None, report: Report
    ) -> None:
        self._client = client
        self._to = to
        self._exact = exact
        self._kms_key = kms_key
        self._report = report

    def publish_from_hub(self, hub: "Hub", model_id: str, *, revision: str | None) -> Publication:
        """Publish a model of the hub at one commit.

        Raises:
            HubError: the hub does not give it.
            IncompleteModelError: it is no whole model.
            ChecksumError: a file is not the one that the hub names, or S3 holds another than was sent.
            DestinationError: the prefix holds something else.
        """
        snapshot = hub.describe(model_id, revision=revision)
        prefix = self._place(model_id, snapshot.revision)
        published = prefix.find_published(model_id=model_id, revision=snapshot.revision)
        if published is not None:
            return Publication(
                s3_uri=prefix.destination.uri,
                manifest=published,
                kms_key_arn=prefix.find_key(),
                uploaded_files=0,
                uploaded_bytes=0,
            )
        meter = self._meter(Phase.DOWNLOAD, files=len(snapshot.files), total_bytes=snapshot.size_bytes)
        files = choose_files(hub.download(snapshot, done=meter.add))
        digests = self._read(files)
        for name, digest in digests.items():
            _check_download(name, files[name], digest, told=snapshot.files[name])
        return self._publish(
            Snapshot(model_id=model_id, revision=snapshot.revision, files=files), digests, prefix=prefix
        )

    def publish_files(self, files: Mapping[str, Path], model_id: str) -> Publication:
        """Publish the files of a folder; their revision follows from their content.

        Args:
            files: as folder.py lists them.
            model_id: the id to serve them under.

        Raises:
            ChecksumError: S3 holds another file than was sent.
            DestinationError: the prefix holds something else.
        """
        digests = self._read(files)
        snapshot = Snapshot(model_id=model_id, revision=revision_of(digests), files=files)
        return self._publish(snapshot, digests, prefix=self._place(model_id, snapshot.revision))

    def _publish(self, snapshot: Snapshot, digests: Mapping[str, Digest], *, prefix: Prefix) -> Publication:
        published = prefix.find_published(model_id=snapshot.model_id, revision=snapshot.revision)
        present = prefix.find_present(digests)
        missing = {name: file for name, file in snapshot.files.items() if name not in present}
        total_bytes = sum(digest.size_bytes for digest in digests.values())
        meter = self._meter(Phase.UPLOAD, files=len(digests), total_bytes=total_bytes)
        meter.add(sum(digests[name].size_bytes for name in present))
        last = {CONFIG: missing.pop(CONFIG)} if CONFIG in missing else {}
        uploaded_bytes = sum(upload(prefix, files, digests, sent=meter.add) for files in (missing, last))
        manifest = Manifest(
            model_id=snapshot.model_id,
            revision=snapshot.revision,
            files={
                name: PublishedFile(size_bytes=digest.size_bytes, sha256=digest.sha256)
                for name, digest in sorted(digests.items())
            },
        )
        if published is None:
            self._client.put_object(
                Bucket=prefix.destination.bucket,
                Key=prefix.destination.key(MANIFEST),
                Body=manifest.to_text().encode(),
                ChecksumAlgorithm="SHA256",
                **prefix.encryption,
            )
        return Publication(
            s3_uri=prefix.destination.uri,
            manifest=manifest,
            kms_key_arn=prefix.find_key(),
            uploaded_files=len(missing) + len(last),
            uploaded_bytes=uploaded_bytes,
        )

    def _place(self, model_id: str, revision: str) -> Prefix:
        destination = self._to if self._exact else place_model(self._to, model_id=model_id, revision=revision)
        return Prefix(self._client, destination, kms_key=self._kms_key)

    def _read(self, files: Mapping[str, Path]) -> Mapping[str, Digest]:
        meter = self._meter(
            Phase.READ, files=len(files), total_bytes=sum(file.stat().st_size for file in files.values())
        )
        with ThreadPoolExecutor(max_workers=_READERS) as pool:
            try:
                digests = pool.map(lambda file: read_digest(file, read=meter.add), files.values())
                return dict(zip(files, digests, strict=True))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _meter(self, phase: Phase, *, files: int, total_bytes: int) -> Meter:
        return Meter(self._report, phase=phase, files=files, total_bytes=total_bytes)


def _check_download(name: str, file: Path, digest: Digest, *, told: "HubFile") -> None:
    """Refuse a file that is not the one that the hub names."""
    if told.sha256 is not None:
        same = digest.sha256 == told.sha256
    else:
        same = told.git_sha1 is None or read_git_sha1(file) == told.git_sha1
    if not same:
        raise ChecksumError(
            f"{name} came with another checksum than the hub names.",
            remedy=f"Delete {file.resolve()} and run it again.",
        )
