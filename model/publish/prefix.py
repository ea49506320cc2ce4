"""One prefix in S3: what it holds, and whether that is what is to be published there.

An object counts as there when S3's own SHA-256 of it is the file's. Nothing is overwritten.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from model.errors import ChecksumError, DestinationError
from model.manifest import MANIFEST, Manifest, parse_manifest
from model.publish.destination import Destination
from model.publish.digest import Digest
from model.weight_files import CONFIG

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_WAY_OUT = "Publishes do not change: name another prefix, or delete this one."


class Prefix:
    """A prefix that a model is published under.

    Args:
        client: of the bucket's region.
        destination: where.
        kms_key: what its objects have to be encrypted with; None leaves it to the bucket.
    """

    def __init__(self, client: "S3Client", destination: Destination, *, kms_key: str | None = None) -> None:
        self.client = client
        self.destination = destination
        self.encryption: dict[str, Any] = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}

    def list_sizes(self) -> dict[str, int]:
        """The size of every object by its name below the prefix."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.destination.bucket, Prefix=self.destination.prefix
        )
        return {
            item["Key"].removeprefix(self.destination.prefix): item["Size"]
            for page in pages
            for item in page.get("Contents", [])
        }

    def read_manifest(self) -> Manifest | None:
        """What was published here; None where no publish ended.

        Raises:
            DestinationError: there is one that this program did not write.
        """
        try:
            found = self.client.get_object(
                Bucket=self.destination.bucket, Key=self.destination.key(MANIFEST), ChecksumMode="ENABLED"
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "NoSuchKey":
                return None
            raise
        try:
            return parse_manifest(found["Body"].read())
        except ValueError as error:
            raise DestinationError(
                f"{self.destination.uri}{MANIFEST} is no manifest of this program: {error}.", remedy=_WAY_OUT
            ) from error

    def find_published(self, *, model_id: str, revision: str) -> Manifest | None:
        """What was published here, if it is this model at this revision and still whole.

        Raises:
            DestinationError: the prefix holds another model, or another revision of it.
        """
        manifest = self.read_manifest()
        if manifest is None:
            return None
        if (manifest.model_id, manifest.revision) != (model_id, revision):
            raise DestinationError(
                f"{self.destination.uri} holds {manifest.model_id} @ {manifest.revision}, not {model_id} @ {revision}.",
                remedy=_WAY_OUT,
            )
        return None if manifest.find_gaps(self.list_sizes()) else manifest

    def find_present(self, digests: Mapping[str, Digest]) -> set[str]:
        """Return which of the files are there with the right content.

        Raises:
            DestinationError: the prefix holds a file of another name or content.
        """
        sizes = self.list_sizes()
        if strangers := sorted(sizes.keys() - digests.keys() - {MANIFEST}):
            shown = ", ".join(strangers[:3])
            raise DestinationError(
                f"{self.destination.uri} holds {len(strangers)} other object(s), as {shown}.",
                remedy="A container gets all that is under it: name a prefix of the model's own.",
            )
        present = sizes.keys() & digests.keys()
        for name in sorted(present):
            if not self.holds(name, digests[name]):
                raise DestinationError(
                    f"{self.destination.uri}{name} is another file, or one that this program did not put there.",
                    remedy=_WAY_OUT,
                )
        return present

    def find_key(self) -> str | None:
        """The ARN of the KMS key that the model is encrypted with; None where S3 does it with a key of its own."""
        head = self.client.head_object(Bucket=self.destination.bucket, Key=self.destination.key(CONFIG))
        return head.get("SSEKMSKeyId")

    def verify(self, name: str, digest: Digest) -> None:
        """Check that S3 holds what was sent.

        Raises:
            ChecksumError: it does not.
        """
        if not self.holds(name, digest):
            raise ChecksumError(
                f"S3's checksum of {self.destination.uri}{name} is not the file's, or its encryption not the one asked "
                "for.",
                remedy="Delete the object, and run it again.",
            )

    def holds(self, name: str, digest: Digest) -> bool:
        """Whether S3's own SHA-256 of an object is the file's, and it is encrypted as asked for."""
        head = self.client.head_object(
            Bucket=self.destination.bucket, Key=self.destination.key(name), ChecksumMode="ENABLED"
        )
        # Behind the checksum of an object that came in parts S3 writes their number.
        checksum = head.get("ChecksumSHA256", "").partition("-")[0]
        encrypted = not self.encryption or head.get("ServerSideEncryption") == "aws:kms"
        return head["ContentLength"] == digest.size_bytes and checksum == digest.s3_checksum and encrypted
