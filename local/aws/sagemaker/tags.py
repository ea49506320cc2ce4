"""Tags of SageMaker resources, by ARN, and the operations on them."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from local.aws.wire.errors import ValidationException
from local.aws.wire.place import Place
from local.aws.wire.service import Action, Params

if TYPE_CHECKING:
    from local.aws.sagemaker.hosting import Hosting, Hostings

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


class Tagging:
    """Adds, lists and deletes the tags of resources.

    Args:
        hostings: what there is, by place.
    """

    def __init__(self, *, hostings: "Hostings") -> None:
        self._hostings = hostings

    def actions(self) -> Mapping[str, Action]:
        """The operations by AWS's names."""
        return {"AddTags": self.add, "ListTags": self.list, "DeleteTags": self.delete}

    def add(self, place: Place, params: Params) -> Mapping[str, Any]:
        """AddTags."""
        hosting, arn = self._resource(place, params)
        with hosting.lock:
            hosting.tags.add(arn, params["Tags"])
            return {"Tags": hosting.tags.of(arn)}

    def list(self, place: Place, params: Params) -> Mapping[str, Any]:
        """ListTags. All of them: a resource has no more than a page."""
        hosting, arn = self._resource(place, params)
        with hosting.lock:
            return {"Tags": hosting.tags.of(arn)}

    def delete(self, place: Place, params: Params) -> None:
        """DeleteTags."""
        hosting, arn = self._resource(place, params)
        with hosting.lock:
            hosting.tags.remove(arn, params["TagKeys"])

    def _resource(self, place: Place, params: Params) -> "tuple[Hosting, str]":
        hosting = self._hostings(place)
        wanted = params["ResourceArn"].lower()
        with hosting.lock:
            arn = next((arn for arn in hosting.arns() if arn.lower() == wanted), None)
        if arn is None:
            raise ValidationException(f'Could not find resource "{params["ResourceArn"]}".')
        return hosting, arn
