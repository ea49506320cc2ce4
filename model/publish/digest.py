"""What a file's content is, by checksum: of the whole, and of the parts that S3 takes it in.

S3 keeps one SHA-256 of an object that came in one piece. Of one that came in parts it keeps the SHA-256 of the parts'
SHA-256s, so the parts must be cut the same way every time: their size follows from the file's.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# Small: a break costs little, and several fit in memory. Large: a request's overhead does not show.
_PART_BYTES = 8 * 2**20
_MAX_PARTS = 10_000
_READ_BYTES = 2**20


@dataclass(frozen=True, kw_only=True)
class Digest:
    """The content of one file.

    Attributes:
        size_bytes: its size.
        sha256: of the whole, in hexadecimal.
        part_bytes: the size of each part but the last.
        parts: the SHA-256 of each part, as S3 writes it; one part is the whole file.
    """

    size_bytes: int
    sha256: str
    part_bytes: int
    parts: tuple[str, ...]

    @property
    def s3_checksum(self) -> str:
        """What S3 keeps of the object, without the number of parts behind it."""
        if len(self.parts) == 1:
            return self.parts[0]
        return _encode(hashlib.sha256(b"".join(base64.b64decode(part) for part in self.parts)).digest())


def read_digest(file: Path, *, read: Callable[[int], None] = lambda _: None) -> Digest:
    """Read a file once.

    Args:
        file: the file.
        read: told how many bytes were read since the last call.
    """
    size_bytes = file.stat().st_size
    part_bytes = _choose_part_bytes(size_bytes)
    whole = hashlib.sha256()
    parts: list[str] = []
    with file.open("rb") as opened:
        # An empty file has one empty part.
        while not parts or opened.tell() < size_bytes:
            part, left_bytes = hashlib.sha256(), part_bytes
            while left_bytes and (block := opened.read(min(_READ_BYTES, left_bytes))):
                part.update(block)
                whole.update(block)
                left_bytes -= len(block)
                read(len(block))
            parts.append(_encode(part.digest()))
            if left_bytes:
                break
    return Digest(size_bytes=size_bytes, sha256=whole.hexdigest(), part_bytes=part_bytes, parts=tuple(parts))


def read_git_sha1(file: Path) -> str:
    """Return git's name of a file's content, which the hub gives for files that it keeps in git itself."""
    content = file.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _choose_part_bytes(size_bytes: int) -> int:
    part_bytes = _PART_BYTES
    while part_bytes * _MAX_PARTS < size_bytes:
        part_bytes *= 2
    return part_bytes


def _encode(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
