"""The SHA-256 checksums of objects and of their parts, where moto's S3 does not do as S3 does.

S3 refuses content whose checksum is not the one that came with it, and lists the checksums of an unfinished upload's
parts. moto takes any content and lists none. Everything else of its S3 is as it was.
"""

import base64
import functools
import hashlib
from collections.abc import Callable
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult
from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response

_HEADER = "x-amz-checksum-sha256"


class BadDigestError(S3ClientError):
    """The content is not what its checksum says."""

    def __init__(self) -> None:
        super().__init__("BadDigest", "The SHA256 you specified did not match the calculated checksum.")


def keep_checksums() -> None:
    """Change moto's S3, once for the process."""
    if S3Response.serialized is _serialize:
        return
    S3Response.put_object = _check(S3Response.put_object)  # type: ignore[method-assign,assignment]
    S3Response.upload_part = _check(S3Response.upload_part)  # type: ignore[method-assign,assignment]
    S3Response.serialized = _serialize  # type: ignore[method-assign,assignment]


def _check(operation: Callable[[S3Response], TYPE_RESPONSE]) -> Callable[[S3Response], TYPE_RESPONSE]:
    @functools.wraps(operation)
    def checked(self: S3Response) -> TYPE_RESPONSE:
        given = self.headers.get(_HEADER)
        if given and given != _encode(self.body or b""):
            raise BadDigestError
        return operation(self)

    return checked


def _serialize(self: S3Response, result: ActionResult) -> TYPE_RESPONSE:
    if self.data.get("Action") == "ListParts":
        upload = self.backend.get_bucket(self.bucket_name).multiparts[self._get_param("uploadId")]
        if upload.metadata.get("x-amz-checksum-algorithm") == "SHA256":
            listed: Any = result.result
            for part in listed["Parts"]:
                part["ChecksumSHA256"] = _encode(upload.parts[part["PartNumber"]].value)
    return super(S3Response, self).serialized(result)


def _encode(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
