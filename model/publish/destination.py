"""Where in S3 a model goes: a bucket and a prefix that holds this model at this revision and nothing else."""

import re
from dataclasses import dataclass

from model.errors import DestinationError

# Bucket rules as in spec.py; the prefix may be left out: the model's id and revision follow it.
_URI = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>(?:[\w!.'()-]+/)*))?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A prefix in S3.

    Attributes:
        bucket: the bucket.
        prefix: what every key begins with; it ends in `/`.
    """

    bucket: str
    prefix: str

    @property
    def uri(self) -> str:
        """The prefix as a deployment takes it (`s3_uri`)."""
        return f"s3://{self.bucket}/{self.prefix}"

    def key(self, name: str) -> str:
        """The key of one of the model's files."""
        return self.prefix + name


def parse_destination(uri: str) -> Destination:
    """Read `s3://BUCKET/` or `s3://BUCKET/PREFIX/`.

    Raises:
        DestinationError: it does not read so.
    """
    found = _URI.fullmatch(uri if uri.endswith("/") else f"{uri}/")
    if found is None:
        raise DestinationError(
            f"{uri!r} is no prefix in S3.",
            remedy="It must read 's3://BUCKET/PREFIX/', the prefix of letters, digits and !-_.'()/.",
        )
    return Destination(bucket=found["bucket"], prefix=found["prefix"] or "")


def place_model(below: Destination, *, model_id: str, revision: str) -> Destination:
    """Return the prefix of a model below another: its id and its revision, so that no publish takes another's place."""
    return Destination(bucket=below.bucket, prefix=f"{below.prefix}{model_id}/{revision}/")
