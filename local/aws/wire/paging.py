"""A listing in pages, for the services whose tokens say no more than where the next page begins."""

import base64
import binascii
from typing import TypeVar

from local.aws.wire.errors import InvalidNextTokenException, ValidationException
from local.aws.wire.service import Params

_MOST = 50

Item = TypeVar("Item")


def page(items: list[Item], params: Params, *, most: int = _MOST) -> tuple[list[Item], str | None]:
    """Return one page, and the token of the next or None.

    Args:
        items: all of them, in order.
        params: of the operation: MaxResults and NextToken.
        most: the largest page, which is also the usual one.

    Raises:
        ValidationException: MaxResults is out of range.
        InvalidNextTokenException: the token is not one that a listing gave.
    """
    size = params.get("MaxResults", most)
    if not 1 <= size <= most:
        raise ValidationException(f"MaxResults must be between 1 and {most}, not {size}.")
    begin = _read_token(params["NextToken"]) if "NextToken" in params else 0
    end = begin + size
    return items[begin:end], base64.urlsafe_b64encode(str(end).encode()).decode() if end < len(items) else None


def _read_token(token: str) -> int:
    try:
        return int(base64.urlsafe_b64decode(token.encode()))
    except (ValueError, binascii.Error) as error:
        raise InvalidNextTokenException(f"Invalid NextToken '{token}'.") from error
