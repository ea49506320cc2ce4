"""Files into a prefix, in parallel; a part that arrived is not sent again, whichever run sent it.

Every part goes with its SHA-256, which S3 checks before it takes it. What an earlier run left of a file is found by
S3's list of unfinished uploads, and a part of it counts if S3's checksum of it is the file's.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from model.errors import ChecksumError
from model.publish.digest import Digest
from model.publish.prefix import Prefix

# Beyond this more connections give no more on one machine.
PARTS_AT_ONCE = 16
_FILES_AT_ONCE = 4
# What S3 says of bytes with another checksum than they came with.
_OTHER_BYTES = frozenset({"BadDigest", "XAmzContentChecksumMismatch"})


def upload(
    prefix: Prefix, files: Mapping[str, Path], digests: Mapping[str, Digest], *, sent: Callable[[int], None]
) -> int:
    """Upload files, and check what S3 holds of each.

    Args:
        prefix: where to.
        files: by name.
        digests: of the files, by name.
        sent: told how many bytes are there further, those of an earlier run included; from several threads.

    Returns:
        How many bytes were sent now.

    Raises:
        ChecksumError: S3 holds another file in the end, or a file changed after it was read.
        ClientError: S3 refused something.
    """
    with (
        ThreadPoolExecutor(max_workers=PARTS_AT_ONCE) as parts,
        ThreadPoolExecutor(max_workers=_FILES_AT_ONCE) as whole,
    ):

        def send(name: str) -> int:
            file = _File(prefix=prefix, name=name, path=files[name], digest=digests[name], sent=sent)
            sent_bytes = file.put() if len(digests[name].parts) == 1 else file.put_parts(parts)
            prefix.verify(name, digests[name])
            return sent_bytes

        try:
            return sum(whole.map(send, files))
        except BaseException:
            # One failed, or a person interrupts: what is not begun is left. Parts first, for files wait for them.
            parts.shutdown(wait=False, cancel_futures=True)
            whole.shutdown(wait=False, cancel_futures=True)
            raise


class _File:
    """One file on its way."""

    def __init__(self, *, prefix: Prefix, name: str, path: Path, digest: Digest, sent: Callable[[int], None]) -> None:
        self._client = prefix.client
        self._encryption = prefix.encryption
        self._place: dict[str, Any] = {"Bucket": prefix.destination.bucket, "Key": prefix.destination.key(name)}
        self._path = path
        self._digest = digest
        self._sent = sent
        self._counted_bytes: list[int] = []

    def put(self) -> int:
        """Send a file that is one part."""
        with self._unchanged(), _unless_there():
            self._client.put_object(
                **self._place,
                Body=self._path.read_bytes(),
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=self._digest.parts[0],
                IfNoneMatch="*",
                **self._encryption,
            )
        self._sent(self._digest.size_bytes)
        return self._digest.size_bytes

    def put_parts(self, pool: ThreadPoolExecutor) -> int:
        """Send the parts that are not there, and have S3 put them together, or find that another run did both."""
        try:
            return self._put_parts(pool)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "NoSuchUpload":
                raise
        # Another run took up the same upload and ended it. What it counted here begins anew.
        self._sent(-sum(self._counted_bytes))
        self._counted_bytes.clear()
        if self._is_there():
            self._sent(self._digest.size_bytes)
            return 0
        return self._put_parts(pool)

    def _put_parts(self, pool: ThreadPoolExecutor) -> int:
        upload_id, there = self._find_broken()
        if upload_id is None:
            upload_id = self._client.create_multipart_upload(
                **self._place, ChecksumAlgorithm="SHA256", ChecksumType="COMPOSITE", **self._encryption
            )["UploadId"]
        self._count(sum(self._size_of(number) for number in there))
        numbers = range(1, len(self._digest.parts) + 1)
        missing = [number for number in numbers if number not in there]
        etags = there | dict(zip(missing, pool.map(lambda number: self._send(upload_id, number), missing), strict=True))
        finished = [
            {"PartNumber": number, "ETag": etags[number], "ChecksumSHA256": self._digest.parts[number - 1]}
            for number in numbers
        ]
        with _unless_there():
            self._client.complete_multipart_upload(
                **self._place,
                UploadId=upload_id,
                MultipartUpload={"Parts": finished},  # type: ignore[typeddict-item]
                ChecksumType="COMPOSITE",
                MpuObjectSize=self._digest.size_bytes,
                IfNoneMatch="*",
            )
        return sum(self._size_of(number) for number in missing)

    def _send(self, upload_id: str, number: int) -> str:
        size_bytes = self._size_of(number)
        with self._path.open("rb") as opened:
            opened.seek((number - 1) * self._digest.part_bytes)
            part = opened.read(size_bytes)
        with self._unchanged():
            answer = self._client.upload_part(
                **self._place,
                UploadId=upload_id,
                PartNumber=number,
                Body=part,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=self._digest.parts[number - 1],
            )
        self._count(size_bytes)
        return answer["ETag"]

    def _count(self, there_bytes: int) -> None:
        self._counted_bytes.append(there_bytes)
        self._sent(there_bytes)

    def _is_there(self) -> bool:
        try:
            self._client.head_object(**self._place)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "404":
                raise
            return False
        return True

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Say of bytes that are not those of their checksum, which S3 does not take, that the file changed."""
        try:
            yield
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _OTHER_BYTES:
                raise
            raise ChecksumError(
                f"{self._path} is not the file any more that was read.",
                remedy="Let nothing write to it, and run it again.",
            ) from error

    def _size_of(self, number: int) -> int:
        before_bytes = (number - 1) * self._digest.part_bytes
        return min(self._digest.part_bytes, self._digest.size_bytes - before_bytes)

    def _find_broken(self) -> tuple[str | None, dict[int, str]]:
        """The unfinished upload of this file that has most of it, and the ETags of its parts by their numbers."""
        pages = self._client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self._place["Bucket"], Prefix=self._place["Key"]
        )
        uploads = [
            one["UploadId"]
            for page in pages
            for one in page.get("Uploads", [])
            if one["Key"] == self._place["Key"] and one.get("ChecksumAlgorithm") == "SHA256"
        ]
        found = ((upload_id, self._list_parts(upload_id)) for upload_id in uploads)
        return max(found, key=lambda one: len(one[1]), default=(None, {}))

    def _list_parts(self, upload_id: str) -> dict[int, str]:
        pages = self._client.get_paginator("list_parts").paginate(**self._place, UploadId=upload_id)
        parts: list[Any] = [part for page in pages for part in page.get("Parts", [])]
        sums = self._digest.parts
        return {
            part["PartNumber"]: part["ETag"]
            for part in parts
            if part["PartNumber"] <= len(sums)
            and part.get("ChecksumSHA256") == sums[part["PartNumber"] - 1]
            and part["Size"] == self._size_of(part["PartNumber"])
        }


@contextmanager
def _unless_there() -> Iterator[None]:
    """Let an object be that another run put there meanwhile, or this one in an attempt whose answer was lost."""
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in {"PreconditionFailed", "ConditionalRequestConflict"}:
            raise
