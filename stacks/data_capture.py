"""Whether requests and answers are kept: where, and how many of them."""

import re
from dataclasses import dataclass

from stacks.errors import NotAllowedError

# A star would widen what the role may write to.
_PREFIX = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/(?:\w[\w!.'()-]*/)+", re.ASCII)
# DestinationS3Uri of the SageMaker API.
_MAX_LENGTH = 512


@dataclass(frozen=True, kw_only=True)
class DataCapture:
    """What SageMaker writes to S3 of what the endpoint is asked and answers.

    Attributes:
        s3_uri: the prefix that it writes under, `s3://BUCKET/PREFIX/`.
        percent: how many of a hundred requests are kept.
    """

    s3_uri: str
    percent: int = 100

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.s3_uri) or len(self.s3_uri) > _MAX_LENGTH:
            raise NotAllowedError(
                setting="data_capture",
                value=self.s3_uri,
                allowed="s3://BUCKET/PREFIX/, a prefix of its own that ends in /: the role may write there",
            )
        if not 1 <= self.percent <= 100:
            raise NotAllowedError(setting="data_capture_percent", value=self.percent, allowed="1 to 100")

    @property
    def bucket_and_prefix(self) -> str:
        """The same without the scheme, as in an ARN."""
        return self.s3_uri.removeprefix("s3://")
