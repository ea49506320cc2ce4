"""A KMS key of your own, by its ARN."""

import re
from dataclasses import dataclass

from stacks.errors import NotAllowedError

_ARN = re.compile(r"arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):\d{12}:key/(mrk-)?[0-9a-f-]{32,36}")


@dataclass(frozen=True, kw_only=True)
class EncryptionKey:
    """A key that the stacks use and do not make: its policy is yours to write (docs/operation.md says what it needs).

    Attributes:
        arn: the key's own; an alias could be turned to another key, which permissions by ARN would not follow.
        region: where it is.
    """

    arn: str
    region: str


def parse_key(setting: str, text: str) -> EncryptionKey:
    """Read `arn:aws:kms:REGION:ACCOUNT:key/ID`.

    Raises:
        NotAllowedError: it is of another form.
    """
    match = _ARN.fullmatch(text)
    if match is None:
        raise NotAllowedError(
            setting=setting, value=text, allowed="arn:aws:kms:REGION:ACCOUNT:key/ID, the key's own ARN and no alias"
        )
    return EncryptionKey(arn=text, region=match["region"])
