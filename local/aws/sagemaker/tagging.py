"""AddTags, ListTags and DeleteTags: the operations on the tags of whatever SageMaker hosts."""

from collections.abc import Mapping
from typing import Any

from local.aws.sagemaker.hosting import Hosting, Hostings
from local.aws.wire.errors import ValidationException
from local.aws.wire.place import Place
from local.aws.wire.service import Action, Params


class Tagging:
    """Adds, lists and deletes the tags of resources.

    Args:
        hostings: what there is, by place.
    """

    def __init__(self, *, hostings: Hostings) -> None:
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

    def _resource(self, place: Place, params: Params) -> tuple[Hosting, str]:
        hosting = self._hostings(place)
        wanted = params["ResourceArn"].lower()
        with hosting.lock:
            arn = next((arn for arn in hosting.arns() if arn.lower() == wanted), None)
        if arn is None:
            raise ValidationException(f'Could not find resource "{params["ResourceArn"]}".')
        return hosting, arn
