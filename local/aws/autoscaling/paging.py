"""How Application Auto Scaling lists: by namespace, resource and dimension, in pages."""

import base64
import binascii
from collections.abc import Iterable
from typing import Protocol, TypeVar

from local.aws.autoscaling.dimension import TargetKey
from local.aws.wire.errors import InvalidNextTokenException, ValidationException
from local.aws.wire.service import Params

_MOST = 50


class Keyed(Protocol):
    """What belongs to a target."""

    @property
    def key(self) -> TargetKey:
        """The target."""
        ...


Item = TypeVar("Item")
KeyedItem = TypeVar("KeyedItem", bound=Keyed)


def of_targets(items: Iterable[KeyedItem], params: Params) -> list[KeyedItem]:
    """What belongs to the targets that a Describe operation is about."""
    namespace, dimension = params["ServiceNamespace"], params.get("ScalableDimension")
    resource_ids = params.get("ResourceIds") or ([params["ResourceId"]] if "ResourceId" in params else None)
    return [
        item
        for item in items
        if item.key.namespace == namespace
        and dimension in {None, item.key.dimension}
        and (resource_ids is None or item.key.resource_id in resource_ids)
    ]


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
