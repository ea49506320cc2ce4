"""Tags of SageMaker resources, by ARN. It does not know the operations (tagging.py)."""

from collections.abc import Iterable, Mapping

from local.aws.wire.errors import ValidationException

_MOST = 50


class Tags:
    """The tags of one place. Not thread-safe: the hosting's lock is held around every use."""

    def __init__(self) -> None:
        self._tags: dict[str, dict[str, str]] = {}

    def add(self, arn: str, tags: Iterable[Mapping[str, str]]) -> None:
        """Set tags.

        Raises:
            ValidationException: there would be more than 50.
        """
        merged = self._tags.get(arn, {}) | {tag["Key"]: tag["Value"] for tag in tags}
        if len(merged) > _MOST:
            raise ValidationException(f"A resource can have at most {_MOST} tags; {arn} would have {len(merged)}.")
        self._tags[arn] = merged

    def of(self, arn: str) -> list[dict[str, str]]:
        """The tags of a resource."""
        return [{"Key": key, "Value": value} for key, value in self._tags.get(arn, {}).items()]

    def remove(self, arn: str, keys: Iterable[str]) -> None:
        """Remove tags; those that are not there are no error."""
        for key in keys:
            self._tags.get(arn, {}).pop(key, None)

    def forget(self, arn: str) -> None:
        """A resource is gone."""
        self._tags.pop(arn, None)
