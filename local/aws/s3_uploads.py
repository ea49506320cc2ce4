"""Uploads in parts that are over, where moto's S3 does not say what S3 says.

Who adds a part to an upload that another ended is told NoSuchUpload by S3; moto fails within itself. Two runs of a
program that take up the same unfinished upload come to that.
"""

import functools
from collections.abc import Callable
from typing import Any

from moto.s3.exceptions import NoSuchUpload
from moto.s3.models import S3Backend


def know_ended_uploads() -> None:
    """Change moto's S3, once for the process."""
    if hasattr(S3Backend.upload_part, "__wrapped__"):
        return
    S3Backend.upload_part = _refuse_ended(S3Backend.upload_part)  # type: ignore[method-assign]
    S3Backend.complete_multipart_upload = _refuse_ended(  # type: ignore[method-assign]
        S3Backend.complete_multipart_upload
    )


def _refuse_ended(operation: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(operation)
    def refused(self: S3Backend, bucket_name: str, multipart_id: str, *args: Any, **kwargs: Any) -> Any:
        if multipart_id not in self.get_bucket(bucket_name).multiparts:
            raise NoSuchUpload(upload_id=multipart_id)
        return operation(self, bucket_name, multipart_id, *args, **kwargs)

    return refused
